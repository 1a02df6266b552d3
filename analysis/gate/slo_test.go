package gate

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// steady is a run of n cold starts that took 1.00 s, 1.01 s and so on, in an order in
// which every stretch of the run has as many long as short ones.
func steady(n int, changes ...func(*record.Sample)) *record.Run {
	b := runtest.New("r", "runc")
	step := n*5/8 | 1
	for gcd(step, n) != 1 {
		step += 2
	}
	for i := range n {
		b.Add("runc", 1, time.Second+time.Duration(i*step%n)*10*time.Millisecond, changes...)
	}
	return b.Run()
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// with is steady, with some samples that went differently, evenly spread.
func with(n, odd int, change func(*record.Sample)) *record.Run {
	r := steady(n)
	for i := range odd {
		change(&r.Samples[i*n/odd])
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
	result, err := JudgeSLO([]*record.Run{r}, []Threshold{threshold}, Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Judgements) != 1 || result.Verdict != result.Judgements[0].Verdict {
		t.Fatalf("judged %+v", result)
	}
	return result.Judgements[0]
}

// fast is a client that gives up soon, so that a mean has a bound.
func fast(s *record.Sample) {
	s.ClientTimeout = 10 * time.Second
	s.ResponseLatency = time.Second + (s.ResponseLatency-time.Second)/10
}

func TestJudgeSLO(t *testing.T) {
	for _, c := range []struct {
		name, threshold string
		run             *record.Run
		want            Verdict
		reason          string
	}{
		// p95 of 100 steady samples is 1.94 s, its bounds are 1.90 s and 1.98 s.
		{"bound under the limit", "p(95)<2s", steady(100), Pass, "p95 of 100 starts is 1.94s, with 95 % confidence at least 1.90s and at most 1.98s"},
		{"limit between the bounds", "p(95)<1.95s", steady(100), Inconclusive, "at most 1.98s"},
		{"observed above, bound below", "p(95)<1.93s", steady(100), Inconclusive, ""},
		{"lower bound over the limit", "p(95)<1.8s", steady(100), Fail, "at least 1.90s"},
		{"lower bound on the limit", "p(95)<1.9s", steady(100), Fail, ""},
		{"lower bound on what is allowed", "p(95)<=1.9s", steady(100), Inconclusive, ""},
		{"too few for a bound", "p(95)<2s", steady(30), Inconclusive, "p95 of 30 starts is 1.28s; a bound takes 59"},
		{"few are enough to fail", "p(95)<1s", steady(30), Fail, ""},
		{"median", "med<2s", steady(10), Pass, ""},
		{"from below", "p(50)>1s", steady(10), Pass, ""},
		{"from below, not shown", "p(50)>1.04s", steady(10), Inconclusive, ""},
		{"from below, failed", "p(50)>=1.2s", steady(10), Fail, ""},
		{"maximum is a fact", "max<2s", steady(30), Pass, "the largest of 30 is 1.29s; that describes this run alone"},
		{"maximum on the limit", "max<1.02s", steady(3), Fail, ""},
		{"too few for a maximum", "max<2s", steady(28), Inconclusive, "to pass on it takes 29 starts"},
		{"few are enough to fail a maximum", "max<1s", steady(2), Fail, ""},
		{"minimum", "min>=1s", steady(30), Pass, "the smallest of 30 is 1.00s"},
		{"too few for a minimum", "min>=1s", steady(2), Inconclusive, ""},
		{"mean", "avg<3s", steady(300, fast), Pass, "the mean of 300 starts is 1.15s"},
		{"mean whose bound takes more", "avg<2s", steady(30), Inconclusive, "a mean is bounded by nothing but the client timeout, 100s"},
		{"mean over the limit", "avg<900ms", steady(60), Fail, ""},
		{"mean of one", "avg<2s", steady(1), Inconclusive, ""},
		{"mean of two under the client timeout", "avg<100s", steady(2), Inconclusive, ""},

		{"maximum among timeouts", "max<200s", with(100, 1, runtest.TimedOut), Inconclusive, "the largest of 100 is >100s"},
		{"timeouts beyond the limit", "max<99s", with(100, 1, runtest.TimedOut), Fail, ""},
		{"a limit equal to the timeout is not held", "max<=100s", with(100, 1, runtest.TimedOut), Fail, ""},
		{"no mean with timeouts", "avg<200s", with(100, 1, runtest.TimedOut), Inconclusive, "no mean exists: 1 of 100 starts were not answered"},
		{"p95 above one timeout in a hundred", "p(95)<2s", with(100, 1, runtest.TimedOut), Pass, ""},
		{"p95 among timeouts", "p(95)<2s", with(100, 30, runtest.TimedOut), Fail, "p95 of 100 starts is >100s"},

		{"none failed, enough samples", "failed<1%", steady(299), Pass, "0 of 299 failed (0 %)"},
		{"none failed, too few", "failed<1%", steady(30), Inconclusive, "to show it takes 299 starts"},
		{"many failed", "failed<1%", with(30, 9, runtest.Failed(record.HTTP)), Fail, "9 of 30 failed (30 %)"},
		{"timeouts are failures", "failed<1%", with(30, 9, runtest.TimedOut), Fail, ""},
		{"none may fail is a fact", "failed<=0%", steady(29), Pass, "describes this run alone"},
		{"none may fail, of two", "failed<=0%", steady(2), Inconclusive, "to pass on it takes 29 starts"},
		{"all cold is a fact", "cold>=100%", steady(29), Pass, ""},
		{"all cold, of two", "cold>=100%", steady(2), Inconclusive, ""},
		{"all answered, of two", "answered>=100%", steady(2), Inconclusive, ""},
		{"all cold, and one is not", "cold>=100%", with(30, 1, runtest.Coldness(record.Warm)), Fail, ""},
		{"cold", "cold>=90%", steady(29), Pass, "29 of 29 proven cold"},
		{"not cold", "cold>=90%", with(30, 15, runtest.Coldness(record.Unknown)), Fail, ""},
		{"answered", "answered>=80%", with(100, 2, runtest.TimedOut), Pass, "98 of 100 answered"},

		{"not cold is no latency", "p(95)<2s", with(100, 11, runtest.Coldness(record.Warm)), Invalid, "11 of 100 samples are not proven cold"},
		{"too many failed", "med<2s", with(100, 11, runtest.Failed(record.Reset)), Invalid, "11 of 100 samples failed"},
		{"so many failed that it is shown", "p(75)<2s", with(100, 40, runtest.Failed(record.Reset)), Fail, "p75 of 100 starts is a failure"},
		{"a failure is slower than any limit", "max<1h", with(100, 1, runtest.Failed(record.HTTP)), Fail, "the largest of 100 is a failure"},
		{"p95 among failures", "p(95)<2s", with(100, 9, runtest.Failed(record.HTTP)), Inconclusive, "9 of 100 failed; of the 91 answered alone it is 1.9"},
		{"failures have no mean", "avg<2s", with(100, 9, runtest.Failed(record.HTTP)), Fail, "no mean exists: 9 of 100"},
		{"a failure that is not proven cold counts too", "max<100s", with(100, 1, func(s *record.Sample) {
			runtest.Failed(record.Refused)(s)
			s.Cold = record.Unknown
		}), Fail, ""},
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

func TestBoundsThatAreNoNumbersDecideNothing(t *testing.T) {
	for _, operator := range []string{"<", "<=", ">", ">="} {
		th := Threshold{Metric: Median, Operator: operator, Limit: 1}
		for _, v := range []Verdict{th.bounded(math.NaN(), 0.5), th.bounded(2, math.NaN())} {
			if v != Inconclusive {
				t.Errorf("%s: %s", operator, v)
			}
		}
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
		{"a mean", "avg<2s", steady(60), "would have failed had all starts taken +"},
		{"from below", "p(50)>1s", steady(30), "would have caught -1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := judgeOne(t, c.run, c.threshold)
			if j.Power == nil || !strings.HasPrefix(j.Power.Text, c.want) {
				t.Errorf("power is %+v, want %q", j.Power, c.want)
			}
			if j.Power != nil && j.Power.Caught > 0 && !strings.HasPrefix(c.want, "would have failed") && !strings.Contains(j.Power.Text, "could not") && j.Power.Caught < wanted {
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
		result, err := JudgeSLO([]*record.Run{run}, []Threshold{threshold}, Conditions{})
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
			result, err := JudgeSLO([]*record.Run{c.run}, []Threshold{threshold}, Conditions{})
			if !errors.Is(err, ErrNothingToJudge) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %+v", err, result)
			}
		})
	}
	if _, err := JudgeSLO([]*record.Run{steady(3)}, nil, Conditions{}); !errors.Is(err, ErrNothingToJudge) {
		t.Errorf("no thresholds: %v", err)
	}
	if _, err := (&File{}).Judge([]*record.Run{steady(3)}, nil); !errors.Is(err, ErrNothingToJudge) {
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
