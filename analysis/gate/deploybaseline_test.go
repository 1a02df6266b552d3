package gate

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// deploySide is runs that deployed four services in each of five rounds, in about the time.
// Runs differ by 2 %, and rounds by 3 %.
func deploySide(name string, runs int, took time.Duration, change ...func(*record.Run)) []*record.Run {
	rng := stat.NewRand(uint64(name[0]))
	var list []*record.Run
	for i := range runs {
		b := runtest.New(fmt.Sprintf("%s-%d", name, i), "runc")
		for range 10 {
			b.Add("runc", 4, time.Second)
		}
		ofRun := math.Exp(0.02 * rng.NormFloat64())
		for block := range 5 {
			one := time.Duration(float64(took) * ofRun * math.Exp(0.03*rng.NormFloat64()))
			b.Deploy("runc", record.Batch{Block: block + 1}, one, one*11/10, one*12/10, one*13/10)
		}
		r := b.Run()
		r.Header.Command, r.Header.Shape = "scale", record.Shape{Rounds: true}
		r.Header.Settings.Services, r.Header.Settings.Iterations, r.Header.Settings.DeployRounds = []int{4}, 5, true
		for _, c := range change {
			c(r)
		}
		list = append(list, r)
	}
	return list
}

func TestDeploymentsAgainstABaseline(t *testing.T) {
	// failed makes so many of the services of each round ones that never got Ready.
	failed := func(n int) func(*record.Run) {
		return func(r *record.Run) {
			for i := range r.Deployments {
				if d := &r.Deployments[i]; d.Type == record.TypeDeployment && i%4 < n {
					d.Failure, d.Steps = "never", d.Steps[:2]
				}
			}
		}
	}
	unknown := func(r *record.Run) {
		d := &r.Deployments[0]
		d.RouteUnknown, d.Steps = "why", d.Steps[:len(d.Steps)-1]
	}
	coarse := func(r *record.Run) {
		for i := range r.Deployments {
			for j := range r.Deployments[i].Steps {
				if s := &r.Deployments[i].Steps[j]; s.Name == record.StepRoutable {
					s.Resolution = time.Second
				}
			}
		}
	}
	lessRounds := func(r *record.Run) {
		r.Header.Settings.Iterations, r.Deployments = 3, r.Deployments[:3*8]
		r.End.Deployments = len(r.Deployments)
	}
	none := func(r *record.Run) { r.Deployments, r.End.Deployments = nil, 0 }
	const second = time.Second
	base := func(runs int) []*record.Run { return deploySide("base", runs, 2*second) }
	for _, c := range []struct {
		name      string
		base, new []*record.Run
		subject   string
		want      Verdict
		reason    string
	}{
		{"the same", base(5), deploySide("new", 5, 2*second), "deployReady(50)", Pass, "over 5 against 5 runs of 20; tolerance 10 %"},
		{"the same, until routable", base(5), deploySide("new", 5, 2*second), "deployRoutable(95)", Pass, ""},
		{"slower", base(5), deploySide("new", 5, 3*second), "deployReady(95)", Fail, "+"},
		{"slower to remove", base(5), deploySide("new", 5, 3*second), "deleteGone(50)", Fail, "+"},
		{"one against one", base(1), deploySide("new", 1, 9*second), "deployReady(50)", Inconclusive, "1 against 1 runs show nothing"},
		{"fewer rounds", base(5), deploySide("new", 5, 2*second, lessRounds), "deployReady(50)", Pass, "runs of 12"},
		{"a quarter fails", base(5), deploySide("new", 5, 2*second, failed(1)), "deployReady(95)", Fail, "deployReady(95) is >"},
		{"half fail", base(5), deploySide("new", 5, 2*second, failed(2)), "deployReady(50)", Fail, "deployReady(50) is "},
		{"half fail on both sides", deploySide("base", 5, 2*second, failed(2)), deploySide("new", 5, 2*second, failed(2)), "deployReady(50)", Invalid, "run new-0: 10 of 20 services were not ready, more than 10 %"},
		{"routes unknown", base(5), deploySide("new", 5, 2*second, unknown), "deployRoutable(50)", Invalid, "run new-0: of 1 of 20 services it is not known"},
		{"routes known to a second", deploySide("base", 5, 2*second, coarse), deploySide("new", 5, 2*second), "deployRoutable(50)", Inconclusive, "each is known to within 1.00s, which is more than the tolerance"},
		{"not there", base(5), deploySide("new", 5, 2*second, none), "deployReady(50)", Inconclusive, "it is in the baseline and was not measured"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := JudgeRegression(c.base, c.new, Options{})
			if err != nil {
				t.Fatal(err)
			}
			j := verdictOn(t, r, c.subject)
			if j.Verdict != c.want || !strings.Contains(j.Reason, c.reason) || j.Services != 4 || len(r.Judgements) != 8 {
				t.Errorf("want %s with %q: %s, %s (%d)", c.want, c.reason, j.Verdict, j.Reason, len(r.Judgements))
			}
			if r.Verdict == Pass && c.want != Pass {
				t.Errorf("the verdict is %s", r.Verdict)
			}
		})
	}
}

// Services that requests are sent to were created beside others, once a run: they are not
// held against a baseline, and take nothing from those that are.
func TestOtherDeploymentsAreNotJudged(t *testing.T) {
	without := func(r *record.Run) { r.Header.Settings.DeployRounds = false }
	r, err := JudgeRegression(deploySide("base", 5, time.Second, without), deploySide("new", 5, time.Second, without), Options{})
	if err != nil || len(r.Judgements) != 2 {
		t.Errorf("%v: %+v", err, r)
	}
}
