package gate

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// deployRun is a run with deployments of 60 services that took 1.0 s to 6.9 s each, and with
// a start, without which there is nothing that a gate judges.
func deployRun(id string, change func([]time.Duration)) *record.Run {
	times := deployTimes()
	change(times)
	return runtest.New(id, "runc").Add("runc", 60, time.Second).Deploy("runc", record.Batch{}, times...).Run()
}

func deployTimes() (times []time.Duration) {
	for i := range 60 {
		times = append(times, time.Second+time.Duration(i)*100*time.Millisecond)
	}
	return times
}

func unchanged([]time.Duration) {}

func TestThresholdsOfDeployments(t *testing.T) {
	failing := func(times []time.Duration) {
		for i := range 4 {
			times[i] = 0
		}
	}
	unknown := deployRun("r", unchanged)
	unknown.Deployments[0].RouteUnknown = "why"
	kept := deployRun("r", unchanged)
	kept.Deployments = kept.Deployments[:60]
	lost := deployRun("r", unchanged)
	lost.Deployments = append(lost.Deployments[:50:50], lost.Deployments[60:]...)
	for _, test := range []struct {
		expression string
		run        *record.Run
		want       Verdict
		reason     string
	}{
		{"deployReady(95)<7s", deployRun("r", unchanged), Pass, "p95 of 60 services is 6.60s; that describes these deployments alone"},
		{"deployReady(95)<6s", deployRun("r", unchanged), Fail, "p95 of 60 services is 6.60s"},
		{"deployReady(99)<7s", deployRun("r", unchanged), Inconclusive, "to pass on it takes 299 services, and there are 60"},
		{"deployReady(95)<7s", deployRun("r", failing), Fail, "p95 of 60 services is a failure"},
		{"deployReady(95)<7s", lost, Fail, "p95 of 60 services is a failure"},
		{"deployReady(90)<1h", deployRun("r", failing), Pass, "p90"},
		{"deployRoutable(95)<6650ms", deployRun("r", unchanged), Inconclusive, "it may have been up to 20.0ms less"},
		{"deployRoutable(95)<6651ms", deployRun("r", unchanged), Pass, "p95 of 60 services is 6.65s"},
		{"deployRoutable(95)<7s", unknown, Invalid, "of 1 of 60 services it is not known"},
		{"deleteGone(95)<4s", deployRun("r", unchanged), Pass, "p95 of 60 services is 3.30s"},
		{"deleteGone(95)<4s", kept, Invalid, "nothing tells when services were gone"},
		{"runc/60: deleteGone(50)<1s", deployRun("r", unchanged), Fail, "p50 of 60 services is 1.95s"},
	} {
		t.Run(test.expression+" "+string(test.want), func(t *testing.T) {
			test.run.Header.Shape, test.run.Header.Settings.Services = record.Shape{Rounds: true}, []int{60}
			j := judgeOne(t, test.run, test.expression)
			if j.Verdict != test.want || !strings.Contains(j.Reason, test.reason) || j.RuntimeClass != "runc" || j.Services != 60 {
				t.Errorf("judged %+v, want %s with %q", j, test.want, test.reason)
			}
		})
	}
}

// Of several runs each has to meet the threshold.
func TestTheWorstDeploymentsDecide(t *testing.T) {
	threshold, err := ParseSLO("deployReady(95)<7s")
	if err != nil {
		t.Fatal(err)
	}
	slower := func(times []time.Duration) {
		for i := range times {
			times[i] *= 2
		}
	}
	runs := []*record.Run{deployRun("a", unchanged), deployRun("b", slower), deployRun("c", unchanged)}
	for i, r := range runs {
		r.Header.Started = r.Header.Started.Add(time.Duration(i) * time.Hour)
	}
	result, err := JudgeSLO(runs, []Threshold{threshold}, Conditions{})
	if err != nil || result.Verdict != Fail || !strings.Contains(result.Judgements[0].Reason, "is 13.2s, in the worst of 3 groups") {
		t.Errorf("%+v, %v", result, err)
	}
}

// judgeDeployed is the verdict on runs that begin an hour apart.
func judgeDeployed(t *testing.T, expression string, runs ...*record.Run) Judgement {
	t.Helper()
	threshold, err := ParseSLO(expression)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range runs {
		r.Header.Started = r.Header.Started.Add(time.Duration(i) * time.Hour)
	}
	result, err := JudgeSLO(runs, []Threshold{threshold}, Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	return result.Judgements[0]
}

// A run or a class of which nothing is known does not hide behind another.
func TestDeploymentsOfWhichNothingIsKnown(t *testing.T) {
	without := runtest.New("b", "runc").Add("runc", 60, time.Second).Run()
	if j := judgeDeployed(t, "deployReady(95)<7s", deployRun("a", unchanged), without); j.Verdict != Invalid || j.Reason != "run b has no deployments of runc" {
		t.Errorf("a run has none: %+v", j)
	}
	classes := runtest.New("a", "runc", "gvisor").Add("runc", 60, time.Second).Add("gvisor", 60, time.Second)
	one := classes.Deploy("runc", record.Batch{}, deployTimes()...).Run()
	if j := judgeDeployed(t, "deployReady(95)<7s", one); j.Verdict != Invalid || j.Reason != "run a has no deployments of gvisor" {
		t.Errorf("a class has none: %+v", j)
	}
	if j := judgeDeployed(t, "runc: deployReady(95)<7s", one); j.Verdict != Pass {
		t.Errorf("it is not about that class: %+v", j)
	}
}

// Blocks of which no line is left were to be made, too.
func TestALostBlockOfDeployments(t *testing.T) {
	b := runtest.New("a", "runc").Add("runc", 10, time.Second)
	for block := range 7 {
		b.Deploy("runc", record.Batch{Block: block + 1}, deployTimes()[:10]...)
	}
	run := b.Run()
	run.Header.Settings.Services, run.Header.Settings.Iterations, run.Header.Settings.DeployRounds = []int{10}, 7, true
	if j := judgeDeployed(t, "deleteGone(95)<4s", run); j.Verdict != Pass {
		t.Fatalf("nothing is lost: %+v", j)
	}
	run.Deployments = run.Deployments[:len(run.Deployments)-10]
	run.End.Deployments -= 10
	if j := judgeDeployed(t, "deleteGone(95)<4s", run); j.Verdict != Fail || !strings.Contains(j.Reason, "p95 of 70 services is a failure") {
		t.Errorf("a block is lost: %+v", j)
	}
}

// Each group needs enough services by itself.
func TestFewDeploymentsDoNotPassBesideMany(t *testing.T) {
	many := runtest.New("a", "runc").Add("runc", 10, time.Second)
	for block := range 7 {
		many.Deploy("runc", record.Batch{Block: block + 1}, deployTimes()[20:30]...)
	}
	large := many.Run()
	if j := judgeDeployed(t, "deployReady(95)<7s", large); j.Verdict != Pass {
		t.Fatalf("the many alone: %+v", j)
	}
	small := runtest.New("b", "runc").Add("runc", 10, time.Second).Deploy("runc", record.Batch{}, deployTimes()[:10]...).Run()
	if j := judgeDeployed(t, "deployReady(95)<7s", large, small); j.Verdict != Inconclusive || !strings.Contains(j.Reason, "takes 59 services, and there are 10") {
		t.Errorf("%+v", j)
	}
}

// What was not measured cannot pass.
func TestNoDeploymentIsAnError(t *testing.T) {
	for expression, run := range map[string]*record.Run{
		"deployReady(95)<7s":         runtest.New("r", "runc").Add("runc", 1, time.Second).Run(),
		"gvisor: deleteGone(95)<7s":  deployRun("r", unchanged),
		"runc/7: deployReady(95)<7s": deployRun("r", unchanged),
	} {
		threshold, err := ParseSLO(expression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := JudgeSLO([]*record.Run{run}, []Threshold{threshold}, Conditions{}); !errors.Is(err, ErrNothingToJudge) {
			t.Errorf("%s: %v", expression, err)
		}
	}
}
