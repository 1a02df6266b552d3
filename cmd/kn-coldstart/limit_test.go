package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// A search judges its rounds by the run file that is being written, and its limit
// is read from there.
func TestJudge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	header := record.Header{RunID: "r", Command: "scale", Classes: []record.Class{{Name: "runc"}, {Name: "crun"}}}
	writer, err := record.Create(path, header)
	if err != nil {
		t.Fatal(err)
	}
	round := func(class string, services, answered int) loadgen.Round {
		for i := range services {
			s := record.Sample{RuntimeClass: class, Services: services, Block: 1, Service: "s", Outcome: record.OK, Cold: record.Proven,
				Sent: time.Second, Done: 2 * time.Second, ResponseLatency: time.Second, ClientTimeout: time.Second}
			if i >= answered {
				s.Outcome = record.Timeout
			}
			if err := writer.Sample(s); err != nil {
				t.Fatal(err)
			}
		}
		return loadgen.Round{Cell: loadgen.Cell{RuntimeClass: class, Services: services, Block: 1}}
	}
	flags := &limitFlags{UntilFailure: true}
	if err := flags.validate(); err != nil {
		t.Fatal(err)
	}
	j := newJudge(&session{path: path, writer: writer, clock: record.NewClock()}, flags)
	search := loadgen.NewSearch([]int{50, 55})
	for _, r := range []struct {
		services, answered int
		held               bool
	}{{50, 49, true}, {55, 50, false}} {
		held, err := j.held(round("runc", r.services, r.answered))
		if err != nil || held != r.held {
			t.Errorf("%d of %d: held %v, %v", r.answered, r.services, held, err)
		}
		search.Saw(r.services, held)
	}
	if held, err := j.held(loadgen.Round{Cell: loadgen.Cell{RuntimeClass: "crun", Services: 7}}); err != nil || held {
		t.Errorf("a round without samples: held %v, %v", held, err)
	}
	complete := loadgen.NewSearch([]int{5})
	complete.Saw(5, true)
	if err := j.found("runc", search); err != nil {
		t.Fatal(err)
	}
	if err := j.found("crun", complete); err != nil {
		t.Fatal(err)
	}
	summary, err := analysis.SummariseFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []analysis.ClassLimit{
		{RunID: "r", RuntimeClass: "runc", Services: 50, Message: "at 55 services 50 of 55 answered (90.9 %), which is answered<98%; requests: 5 client timeout"},
		{RunID: "r", RuntimeClass: "crun", Services: 5, Message: "no stop condition was met up to the largest number tried, 5"},
	}
	if diff := cmp.Diff(want, summary.Limits); diff != "" {
		t.Error(diff)
	}
}

func TestStopIsOfAClassUnderTest(t *testing.T) {
	f := &scaleFlags{limitFlags: limitFlags{UntilFailure: true, Stop: []string{"gvisor: p(95)>60s"}}, Services: []int{5}, MaxServices: 10}
	if err := f.limitFlags.validate(); err != nil {
		t.Fatal(err)
	}
	if err := f.fits([]string{"runc", "gvisor"}); err != nil {
		t.Error(err)
	}
	if err := f.fits([]string{"runc"}); err == nil || !strings.Contains(err.Error(), "class gvisor is not under test") {
		t.Errorf("got error %v", err)
	}
	if err := f.fits([]string{"runc", "gvisor", "crun"}); err == nil || !strings.Contains(err.Error(), "--max-services is 10") {
		t.Errorf("got error %v", err)
	}
}
