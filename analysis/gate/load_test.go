package gate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

const loadLimit = 500 * time.Millisecond

// loadRun is a run with a load of 400 requests in each second.
func loadRun(id string, seconds ...runtest.Second) *record.Run {
	return runtest.New(id, "runc").Load("runc", loadLimit, seconds...).Run()
}

// without takes the events of some kinds out of a run.
func without(r *record.Run, kinds ...record.Kind) *record.Run {
	r.Events = slices.DeleteFunc(r.Events, func(e record.Event) bool { return slices.Contains(kinds, e.Kind) })
	return r
}

func TestThresholdsOfLoads(t *testing.T) {
	const ms = time.Millisecond
	quick, slow := runtest.Same(400, 20*ms), runtest.Same(400, time.Second)
	failing, late := runtest.Same(390, 20*ms), runtest.Same(400, time.Second)
	failing.Failed, failing.Dropped = map[record.Outcome]int{record.HTTP: 6}, 4
	late.Lateness = 900 * ms
	cutOff := loadRun("r", quick)
	cutOff.Intervals[0].CutOff, cutOff.Intervals[0].Sent = 1, 401
	broken := loadRun("r", quick)
	broken.Intervals[0].Answered = 399
	noLimit := loadRun("r", quick)
	noLimit.Header.Settings.RecoveredLimit = 0
	killed := without(loadRun("r", quick), record.EventLoadEnded)
	unwanted := without(loadRun("r", quick), record.EventScaleWanted)
	uncreated := without(loadRun("r", quick), record.EventInstanceCreated, record.EventInstanceReady)
	refused := runtest.Second{Failed: map[record.Outcome]int{record.Refused: 400}}
	down, up := loadRun("r", quick, quick), loadRun("r", quick, quick)
	watch := func(kind record.Kind, at time.Duration, watched string) record.Event {
		return record.Event{Type: record.TypeEvent, Kind: kind, At: runtest.LoadBegin + at, Watched: watched}
	}
	down.Events = append(down.Events, watch(record.EventWatchDown, -time.Second, "pods"), watch(record.EventWatchUp, time.Second, "pods"))
	up.Events = append(up.Events, watch(record.EventWatchDown, -2*time.Second, "pods"), watch(record.EventWatchUp, -time.Second, "pods"),
		watch(record.EventWatchDown, 0, "events"), watch(record.EventWatchDown, 3*time.Second, "podautoscalers"))
	for _, test := range []struct {
		expression string
		run        *record.Run
		want       Verdict
		reason     string
	}{
		{"load(99)<500ms", loadRun("r", quick, quick), Pass, "p99 of 800 requests is 20.0ms; that describes this load alone"},
		{"load(50)<500ms", loadRun("r", slow, quick, slow), Fail, "p50 of 1200 requests is 1.00s"},
		{"load(99)<500ms", loadRun("r", runtest.Same(100, 20*ms)), Inconclusive, "to pass on it takes 299 requests, and there are 100"},
		{"load(99)<500ms", loadRun("r", failing), Fail, "p99 of 400 requests is a failure"},
		{"load(99)<500ms", loadRun("r", quick, late), Invalid, "the client was late in 1 of 2 seconds, 900ms at most"},
		{"load(40)<500ms", loadRun("r", quick, late), Pass, "p40"},
		{"load(99)<500ms", cutOff, Invalid, "1 requests of the load were cut off"},
		{"load(99)<500ms", broken, Invalid, "cannot be believed"},
		{"loadFailed<1%", loadRun("r", quick, quick), Pass, "0 of 800 requests"},
		{"loadFailed<1%", loadRun("r", quick, failing), Fail, "10 of 800 requests failed or were not sent (1.2"},
		{"recovered<3s", loadRun("r", slow, slow, quick), Pass, "was not under 500ms for 2.00s"},
		{"recovered<3s", loadRun("r", quick), Pass, "p99 of every second was under 500ms"},
		{"recovered<2s", loadRun("r", slow, slow, quick), Fail, "for 2.00s"},
		{"recovered<3s", loadRun("r", slow, runtest.Second{}, runtest.Second{}, quick), Fail, "for 3.00s"},
		{"recovered<1h", loadRun("r", quick, slow), Fail, "when the load ended"},
		{"recovered<3s", noLimit, Invalid, "no limit"},
		{"overshoot<=1", loadRun("r", quick, quick, quick), Pass, "wanted 3 instances at most, and 2 when the load ended"},
		{"overshoot<1", loadRun("r", quick, quick, quick), Fail, "3 instances at most"},
		{"load(99)<500ms", killed, Invalid, "the load was cut off"},
		{"overshoot<1", unwanted, Invalid, "nothing tells of the instances that the autoscaler wanted"},
		{"overshoot<=3", loadRun("r", refused, refused), Invalid, "800 of 800 requests failed or were not sent, more than 10 %"},
		{"overshoot<=3", loadRun("r", late, late, late), Invalid, "the client was late in 3 of 3 seconds"},
		{"overshoot<=3", down, Invalid, "the watch of pods was down during the load"},
		{"overshoot<=3", up, Pass, "wanted"},
		{"instanceSeconds<=4", uncreated, Invalid, "nothing tells of the instances of the service"},
		{"instanceSeconds<=4", loadRun("r", refused, refused), Invalid, "800 of 800 requests failed"},
		{"instanceSeconds<=4", loadRun("r", late, late), Invalid, "the client was late in 2 of 2 seconds"},
		{"instanceSeconds<=4", down, Invalid, "the watch of pods was down during the load"},
		{"instanceSeconds<=4", loadRun("r", quick, quick, quick), Pass, "4 instance-seconds"},
		{"runc: instanceSeconds<=3", loadRun("r", quick, quick, quick), Fail, "4 instance-seconds"},
	} {
		t.Run(test.expression+" "+string(test.want), func(t *testing.T) {
			j := judgeOne(t, test.run, test.expression)
			if j.Verdict != test.want || !strings.Contains(j.Reason, test.reason) || j.RuntimeClass != "runc" {
				t.Errorf("judged %+v, want %s with %q", j, test.want, test.reason)
			}
		})
	}
}

// Of several runs each has to meet the threshold.
func TestTheWorstLoadDecides(t *testing.T) {
	threshold, err := ParseSLO("load(99)<500ms")
	if err != nil {
		t.Fatal(err)
	}
	runs := []*record.Run{
		loadRun("a", runtest.Same(400, time.Millisecond)), loadRun("b", runtest.Same(400, time.Second)), loadRun("c", runtest.Same(400, time.Millisecond)),
	}
	for i, r := range runs {
		r.Header.Started = r.Header.Started.Add(time.Duration(i) * time.Hour)
	}
	result, err := JudgeSLO(runs, []Threshold{threshold}, Conditions{})
	if err != nil || result.Verdict != Fail || !strings.Contains(result.Judgements[0].Reason, "in the worst of 3 runs") {
		t.Errorf("%+v, %v", result, err)
	}
}

// What was not measured cannot pass.
func TestNoLoadIsAnError(t *testing.T) {
	one := loadRun("r", runtest.Same(400, time.Millisecond))
	missing := loadRun("r", runtest.Same(400, time.Millisecond))
	missing.Header.Classes = append(missing.Header.Classes, record.Class{Name: "gvisor"})
	for _, test := range []struct {
		expression string
		run        *record.Run
		fails      string
	}{
		{"load(99)<500ms", steady(100), "the runs have no load"},
		{"gvisor: load(99)<500ms", one, "the runs have a load on runc"},
		{"*/5: load(99)<500ms", one, "the runs have a load on runc"},
		{"load(99)<500ms", missing, "class gvisor was to be measured and has no load in run r"},
		{"p(95)<2s", one, "the runs have no starts"},
	} {
		threshold, err := ParseSLO(test.expression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := JudgeSLO([]*record.Run{test.run}, []Threshold{threshold}, Conditions{}); err == nil || !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: got error %v, want one with %q", test.expression, err, test.fails)
		}
	}
	for _, expression := range []string{"load<500ms", "load(0.99)<500ms", "recovered(5)<3s", "load(99)>500ms", "overshoot>=3", "loadFailed<1"} {
		if threshold, err := ParseSLO(expression); err == nil {
			t.Errorf("%s is read as %s", expression, threshold)
		}
	}
	if _, err := JudgeRegression([]*record.Run{one}, []*record.Run{one}, Options{}); err == nil {
		t.Error("a regression of loads is judged")
	}
}

// A load of few requests does not pass because another one that is slower has many.
func TestASmallLoadDoesNotPassBesideALargeOne(t *testing.T) {
	threshold, err := ParseSLO("load(99)<500ms")
	if err != nil {
		t.Fatal(err)
	}
	runs := []*record.Run{loadRun("a", runtest.Same(400, 20*time.Millisecond)), loadRun("b", runtest.Same(10, time.Millisecond))}
	runs[1].Header.Started = runs[1].Header.Started.Add(time.Hour)
	result, err := JudgeSLO(runs, []Threshold{threshold}, Conditions{})
	if err != nil || result.Verdict != Inconclusive || !strings.Contains(result.Judgements[0].Reason, "takes 299 requests, and there are 10") {
		t.Errorf("%+v, %v", result, err)
	}
}
