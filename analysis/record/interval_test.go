package record

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestIntervalsAreReadAsTheyWereWritten(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, Header{RunID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	want := []Interval{
		{Type: TypeInterval, RuntimeClass: "runc", Service: "h-1", Second: 0, At: time.Second, Sent: 3, Answered: 1, Failed: map[Outcome]int{HTTP: 1, Timeout: 1}, Dropped: 2, Latencies: "HIST"},
		{Type: TypeInterval, RuntimeClass: "runc", Service: "h-1", Second: 1, At: 2 * time.Second, Sent: 2, Answered: 1, CutOff: 1, Told: 1, Instances: 1, Waited: 1},
	}
	for _, i := range want {
		if err := w.Interval(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(time.Minute, EndCompleted, nil); err != nil {
		t.Fatal(err)
	}
	run, err := Read(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, run.Intervals); diff != "" || len(run.Damage) > 0 || run.Intervals[0].Failures() != 2 {
		t.Errorf("%s %v", diff, run.Damage)
	}
	lines := strings.SplitAfter(out.String(), "\n")
	lost, err := Read(strings.NewReader(lines[0] + lines[1] + lines[3]))
	if err != nil || len(lost.Damage) != 1 || lost.Damage[0] != "it has 1 intervals, and the run wrote 2" {
		t.Errorf("an interval is lost: %v, %v", lost.Damage, err)
	}
}

// What nobody can have written is a broken line, and the run is damaged.
func TestIntervalsThatContradictThemselves(t *testing.T) {
	const header = `{"type":"run","schema":1,"runId":"r"}` + "\n"
	for _, text := range []string{
		`"second":-1,"sent":0,"answered":0`,
		`"second":3000000,"sent":0,"answered":0`,
		`"second":1,"sent":-1,"answered":-1`,
		`"second":1,"sent":2,"answered":1`,
		`"second":1,"sent":1,"answered":1,"failed":{"http":1}`,
		`"second":1,"sent":1,"answered":1,"told":2`,
		`"second":1,"sent":1,"answered":1,"told":1,"waited":2`,
		`"second":1,"sent":20000000,"answered":20000000`,
	} {
		run, err := Read(strings.NewReader(header + `{"type":"interval","runtimeClass":"runc",` + text + "}\n" + `{"type":"end","atNs":1,"reason":"completed","samples":0}`))
		if err != nil || len(run.Intervals) != 0 || len(run.Damage) == 0 {
			t.Errorf("%s: %v, %d intervals, damage %v", text, err, len(run.Intervals), run.Damage)
		}
	}
}
