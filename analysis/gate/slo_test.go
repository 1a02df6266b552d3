package gate

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// steady is a run of n cold starts that took 1.00 s, 1.01 s and so on.
func steady(n int, changes ...func(*record.Sample)) *record.Run {
	b := runtest.New("r", "runc")
	for i := range n {
		b.Add("runc", 1, time.Second+time.Duration(i)*10*time.Millisecond, changes...)
	}
	return b.Run()
}

// with is steady, with some samples that went differently.
func with(n, odd int, change func(*record.Sample)) *record.Run {
	r := steady(n)
	for i := range odd {
		change(&r.Samples[i])
	}
	return r
}

// judgeOne judges a run by one threshold.
func judgeOne(t *testing.T, r *record.Run, expression string) Judgement {
	t.Helper()
	threshold, err := ParseThreshold(expression)
	if err != nil {
		t.Fatal(err)
	}
	result, err := JudgeSLO([]*record.Run{r}, []Threshold{threshold})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Judgements) != 1 || result.Verdict != result.Judgements[0].Verdict {
		t.Fatalf("judged %+v", result)
	}
	return result.Judgements[0]
}

func TestJudgeSLO(t *testing.T) {
	for _, c := range []struct {
		name, threshold string
		run             *record.Run
		want            Verdict
		reason          string
	}{
		// p95 of 100 steady samples is 1.94 s, its bounds are 1.90 s and 1.98 s.
		{"bound under the limit", "p(95)<2s", steady(100), Pass, "p95 of 100 samples is 1.94s, with 95 % confidence at least 1.90s and at most 1.98s"},
		{"limit between the bounds", "p(95)<1.95s", steady(100), Inconclusive, "at most 1.98s"},
		{"observed above, bound below", "p(95)<1.93s", steady(100), Inconclusive, ""},
		{"lower bound over the limit", "p(95)<1.8s", steady(100), Fail, "at least 1.90s"},
		{"lower bound on the limit", "p(95)<1.9s", steady(100), Fail, ""},
		{"lower bound on what is allowed", "p(95)<=1.9s", steady(100), Inconclusive, ""},
		{"too few for a bound", "p(95)<2s", steady(30), Inconclusive, "p95 of 30 samples is 1.28s; a bound takes 59"},
		{"few are enough to fail", "p(95)<1s", steady(30), Fail, ""},
		{"median", "med<2s", steady(10), Pass, ""},
		{"from below", "p(50)>1s", steady(10), Pass, ""},
		{"from below, not shown", "p(50)>1.04s", steady(10), Inconclusive, ""},
		{"from below, failed", "p(50)>=1.2s", steady(10), Fail, ""},
		{"maximum is a fact", "max<2s", steady(3), Pass, "the largest of 3 is 1.02s"},
		{"maximum on the limit", "max<1.02s", steady(3), Fail, ""},
		{"minimum", "min>=1s", steady(3), Pass, "the smallest of 3 is 1.00s"},
		{"mean", "avg<2s", steady(30), Pass, "the mean of 30 samples is 1.15s"},
		{"mean near the limit", "avg<1.15s", steady(30), Inconclusive, ""},
		{"mean over the limit", "avg<1.05s", steady(30), Fail, ""},
		{"mean of one", "avg<2s", steady(1), Inconclusive, "no bounds"},

		{"maximum among timeouts", "max<200s", with(100, 1, runtest.TimedOut), Inconclusive, "the largest of 100 is >100s"},
		{"timeouts beyond the limit", "max<99s", with(100, 1, runtest.TimedOut), Fail, ""},
		{"a limit equal to the timeout is not held", "max<=100s", with(100, 1, runtest.TimedOut), Fail, ""},
		{"no mean with timeouts", "avg<200s", with(100, 1, runtest.TimedOut), Inconclusive, "no mean exists: 1 of 100 samples timed out"},
		{"p95 above one timeout in a hundred", "p(95)<2s", with(100, 1, runtest.TimedOut), Pass, ""},
		{"p95 among timeouts", "p(95)<2s", with(100, 30, runtest.TimedOut), Fail, "p95 of 100 samples is >100s"},

		{"none failed, enough samples", "failed<1%", steady(299), Pass, "0 of 299 failed (0 %)"},
		{"none failed, too few", "failed<1%", steady(30), Inconclusive, "to show it takes 299 samples"},
		{"many failed", "failed<1%", with(30, 9, runtest.Failed(record.HTTP)), Fail, "9 of 30 failed (30 %)"},
		{"timeouts are failures", "failed<1%", with(30, 9, runtest.TimedOut), Fail, ""},
		{"none may fail is a fact", "failed<=0%", steady(3), Pass, ""},
		{"all cold is a fact", "cold>=100%", steady(3), Pass, ""},
		{"all cold, and one is not", "cold>=100%", with(30, 1, runtest.Coldness(record.Warm)), Fail, ""},
		{"cold", "cold>=90%", steady(29), Pass, "29 of 29 proven cold"},
		{"not cold", "cold>=90%", with(30, 15, runtest.Coldness(record.Unknown)), Fail, ""},
		{"answered", "answered>=80%", with(100, 2, runtest.TimedOut), Pass, "98 of 100 answered"},

		{"not cold is no latency", "p(95)<2s", with(100, 11, runtest.Coldness(record.Warm)), Invalid, "11 of 100 samples are not proven cold"},
		{"failed is no latency", "med<2s", with(100, 11, runtest.Failed(record.Reset)), Invalid, "11 of 100 samples failed"},
		{"late client", "max<2s", steady(30, runtest.Late(time.Second)), Invalid, "the client was late"},
		{"a little late", "max<2s", steady(30, runtest.Late(20*time.Millisecond)), Pass, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := judgeOne(t, c.run, c.threshold)
			if j.Verdict != c.want || !strings.Contains(j.Reason, c.reason) {
				t.Errorf("%s: %s, want %s with %q", j.Verdict, j.Reason, c.want, c.reason)
			}
		})
	}
}

func TestSLOPower(t *testing.T) {
	for _, c := range []struct {
		name, threshold string
		run             *record.Run
		want            string
	}{
		{"a bound that nearly failed", "p(95)<2s", steady(100), "would have caught +6.95 %, 85 %"},
		{"no lower bound to fail by", "p(5)<2s", steady(30), "so few samples could not have failed"},
		{"a share", "failed<1%", steady(299), "would have caught a share of 3.02 %, 80 %"},
		{"a share from below", "answered>=80%", steady(100), "would have caught a share of 6"},
		{"a mean", "avg<2s", steady(30), "would have caught +8"},
		{"from below", "p(50)>1s", steady(30), "would have caught -1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := judgeOne(t, c.run, c.threshold)
			if j.Power == nil || !strings.HasPrefix(j.Power.Text, c.want) {
				t.Errorf("power is %+v, want %q", j.Power, c.want)
			}
			if j.Power != nil && j.Power.Caught > 0 && !strings.Contains(j.Power.Text, "could not") && j.Power.Caught < wanted {
				t.Errorf("caught only %v", j.Power.Caught)
			}
		})
	}
}

func TestSLOSelectsCells(t *testing.T) {
	b := runtest.New("r", "runc", "gvisor")
	for range 10 {
		b.Add("runc", 1, time.Second).Add("gvisor", 1, 2*time.Second).Add("gvisor", 50, 9*time.Second)
	}
	run := b.Run()
	for expression, want := range map[string]int{
		"max<10s": 3, "gvisor: max<10s": 2, "gvisor/50: max<10s": 1, "*/1: max<10s": 2, "*: max<10s": 3,
	} {
		threshold, err := ParseThreshold(expression)
		if err != nil {
			t.Fatal(err)
		}
		result, err := JudgeSLO([]*record.Run{run}, []Threshold{threshold})
		if err != nil || len(result.Judgements) != want {
			t.Errorf("%s selects %d cells, want %d (%v)", expression, len(result.Judgements), want, err)
		}
	}
}

func TestWhatCannotBeJudgedIsAnError(t *testing.T) {
	missing := runtest.New("r", "runc", "gvisor").Add("runc", 1, time.Second).Run()
	for _, c := range []struct {
		name, threshold, want string
		run                   *record.Run
	}{
		{"empty file", "max<2s", "the runs have no samples", runtest.New("r", "runc").Run()},
		{"class without samples", "runc: max<2s", "class gvisor was to be measured", missing},
		{"class that is not there", "kata: max<2s", `"kata: max<2s": nothing to judge: the runs have runc`, steady(3)},
		{"number that is not there", "*/9: max<2s", "the runs have runc", steady(3)},
		{"all discarded", "max<2s", "all samples of runc were discarded", steady(3, runtest.Discarded)},
	} {
		t.Run(c.name, func(t *testing.T) {
			threshold, err := ParseThreshold(c.threshold)
			if err != nil {
				t.Fatal(err)
			}
			result, err := JudgeSLO([]*record.Run{c.run}, []Threshold{threshold})
			if !errors.Is(err, ErrNothingToJudge) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %+v", err, result)
			}
		})
	}
	if _, err := JudgeSLO([]*record.Run{steady(3)}, nil); !errors.Is(err, ErrNothingToJudge) {
		t.Errorf("no thresholds: %v", err)
	}
	if _, err := Judge([]*record.Run{steady(3)}, nil, nil, nil); !errors.Is(err, ErrNothingToJudge) {
		t.Errorf("nothing asked: %v", err)
	}
}

func TestSpawned(t *testing.T) {
	b := runtest.New("r", "runc")
	for range 3 {
		b.Add("runc", 3, time.Second, func(s *record.Sample) { s.Block = 0 })
	}
	r := b.Run()
	if got := judgeOne(t, r, "spawned>=3"); got.Verdict != Pass || !strings.HasPrefix(got.Reason, "3 instances") {
		t.Errorf("three that answered: %+v", got)
	}
	if got := judgeOne(t, r, "spawned>3"); got.Verdict != Fail {
		t.Errorf("no more than three: %+v", got)
	}
	if got := judgeOne(t, steady(3), "spawned>=1"); got.Verdict != Inconclusive {
		t.Errorf("one by one: %+v", got)
	}
}

func TestVerdictsAddUp(t *testing.T) {
	for _, c := range []struct {
		list []Verdict
		want Verdict
		code int
	}{
		{[]Verdict{Pass, Pass}, Pass, 0},
		{[]Verdict{Pass, Inconclusive}, Inconclusive, 4},
		{[]Verdict{Invalid, Inconclusive}, Invalid, 5},
		{[]Verdict{Invalid, Fail, Pass}, Fail, 3},
	} {
		r := Result{Verdict: Pass}
		for _, v := range c.list {
			r.add(Judgement{Verdict: v})
		}
		if r.Verdict != c.want || r.ExitCode("") != c.code {
			t.Errorf("%v is %s with exit code %d", c.list, r.Verdict, r.ExitCode(""))
		}
	}
	r := Result{Verdict: Inconclusive}
	if r.ExitCode(Pass) != 0 || r.ExitCode(Fail) != 3 {
		t.Error("an inconclusive result does not count as what it shall")
	}
	if r.Verdict = Invalid; r.ExitCode(Pass) != 5 {
		t.Error("an invalid result counts as inconclusive")
	}
}
