package gate

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// candidateOn is a run of that day.
func candidateOn(day int, id string, change ...func(*record.Run)) Candidate {
	r := runtest.New(id, "runc").Draw("runc", 10, runtest.LogNormal(uint64(day), time.Second, 0.1)).Run()
	r.Header.Started = r.Header.Started.AddDate(0, 0, day)
	for _, c := range change {
		c(r)
	}
	return Candidate{File: id + ".jsonl", Header: r.Header, Ending: Ending(r), Cells: RunCells(r)}
}

func TestChoose(t *testing.T) {
	new := runtest.New("new", "runc").Add("runc", 1, time.Second).Run()
	new.Header.Started = new.Header.Started.AddDate(0, 0, 20)
	warm := func(r *record.Run) {
		for i := range r.Samples {
			r.Samples[i].Cold = record.Warm
		}
	}
	candidates := []Candidate{
		candidateOn(9, "last"), candidateOn(1, "old"), candidateOn(2, "older-but-taken"),
		candidateOn(3, "interrupted", func(r *record.Run) { r.End.Reason = record.EndInterrupted }),
		candidateOn(4, "another-kernel", func(r *record.Run) { r.Header.Cluster.Kernel = "5.0" }),
		candidateOn(5, "another-image", func(r *record.Run) { r.Header.Classes[0].ImageDigest = "sha256:1" }),
		candidateOn(6, "warm", warm), candidateOn(20, "new"), candidateOn(21, "later"),
		candidateOn(7, "last"), {File: "broken.jsonl", Err: errors.New("not a run file")},
		candidateOn(8, "another-class", func(r *record.Run) {
			for i := range r.Samples {
				r.Samples[i].RuntimeClass = "gvisor"
			}
		}),
	}
	c := Choose(candidates, []*record.Run{new}, 3, Conditions{Expected: []string{"imageDigest"}})
	taken, left := []string{}, map[string]string{}
	for _, r := range c.Taken {
		taken = append(taken, r.RunID)
	}
	for i, r := range c.Left {
		left[fmt.Sprint(r.File, i)] = r.Reason
	}
	if diff := cmp.Diff([]string{"older-but-taken", "another-image", "last"}, taken); diff != "" {
		t.Errorf("taken: %s", diff)
	}
	want := map[string]string{
		"broken.jsonl0":         "not a run file",
		"old.jsonl1":            "it is older than the last 3",
		"interrupted.jsonl2":    "it was interrupted",
		"another-kernel.jsonl3": "it measured something else: kernel is 6.1.0, was 5.0",
		"warm.jsonl4":           "runc: 10 of 10 samples are not proven cold (10 warm, 0 unknown), more than 10 %",
		"last.jsonl5":           "it is a copy of another run",
		"another-class.jsonl6":  "it has none of the classes that are judged",
		"new.jsonl7":            "it is a run that is judged",
		"later.jsonl8":          "it began after the runs that are judged",
	}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("left: %s", diff)
	}
	if older, others := c.Older(); older != 1 || len(others) != 8 {
		t.Errorf("%d older, %d others", older, len(others))
	}
}
