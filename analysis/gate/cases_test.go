package gate

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// read reads the runs of a pattern in testdata/cases.
func read(t *testing.T, pattern string) []*record.Run {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "cases", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no runs match %s: %v", pattern, err)
	}
	var runs []*record.Run
	for _, path := range paths {
		r, err := record.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	return runs
}

// ask judges runs as a gate file would.
func ask(t *testing.T, new, base []*record.Run, thresholds ...string) *Result {
	t.Helper()
	f := &File{}
	for _, text := range thresholds {
		threshold, err := ParseThreshold(text)
		if err != nil {
			t.Fatal(err)
		}
		f.Thresholds = append(f.Thresholds, threshold)
	}
	if base != nil {
		f.Regression = &Options{Quantiles: []float64{0.5}}
	}
	r, err := f.Judge(new, base)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// verdictAndReason is what the first judgement says.
func verdictAndReason(t *testing.T, r *Result, want Verdict, reason string) {
	t.Helper()
	if j := r.Judgements[0]; r.Verdict != want || !strings.Contains(j.Reason, reason) {
		t.Errorf("%s: %s, want %s with %q", r.Verdict, j.Reason, want, reason)
	}
}

// A slowdown that merely could not be shown is no pass.
func TestASlowdownThatIsNotShownIsNoPass(t *testing.T) {
	verdictAndReason(t, ask(t, read(t, "pass3v3-new-*"), read(t, "pass3v3-base-*")), Inconclusive, "+62.5 % (with 95 % confidence at least -4.76 %, at most +120 %)")
	r, err := JudgeRegression(read(t, "pass5x20-base-*"), read(t, "pass5x20-new-*"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	verdictAndReason(t, r, Inconclusive, "on each side")
}

// failing is n starts of about a second, of which every k-th fails.
func failing(n, k int, change func(*record.Sample)) *record.Run {
	b := runtest.New("failing", "runc")
	for i := range n {
		latency := time.Second + time.Duration(i%21)*10*time.Millisecond
		if i%k == k-1 {
			b.Add("runc", 1, latency, change)
		} else {
			b.Add("runc", 1, latency)
		}
	}
	return b.Run()
}

// A start that failed is slower than any that did not.
func TestFailuresAreSlow(t *testing.T) {
	gatewayTimeout := func(s *record.Sample) {
		runtest.Failed(record.HTTP)(s)
		s.ResponseLatency, s.Status = time.Minute, 504
	}
	for _, outcome := range []record.Outcome{record.HTTP, record.Reset, record.Refused, record.Body, record.WrongInstance, record.Error, record.Timeout} {
		nine := failing(100, 11, runtest.Failed(outcome))
		if r := ask(t, []*record.Run{nine}, nil, "p(95)<2s"); r.Verdict == Pass {
			t.Errorf("%s: %s", outcome, r.Judgements[0].Reason)
		}
	}
	many := failing(220, 11, gatewayTimeout)
	for _, text := range []string{"p(95)<2s", "max<5s", "avg<2s", "p(99)<70s"} {
		if r := ask(t, []*record.Run{many}, nil, text); r.Verdict != Fail {
			t.Errorf("%s is %s: %s", text, r.Verdict, r.Judgements[0].Reason)
		}
	}
	if r := ask(t, []*record.Run{many}, nil, "p(50)<2s"); r.Verdict != Pass {
		t.Errorf("the median is below the failures: %+v", r.Judgements)
	}
}

// Against a baseline too: half of the new runs' starts fail, the rest are as before.
func TestFailuresAreSlowAgainstABaseline(t *testing.T) {
	half := func(r *record.Run) {
		for i := range r.Samples {
			if i%2 == 0 {
				runtest.Failed(record.HTTP)(&r.Samples[i])
			}
		}
	}
	r, err := JudgeRegression(side(5, 30, time.Second, 1), side(5, 30, time.Second, 2, half), Options{Quantiles: []float64{0.95}})
	if err != nil {
		t.Fatal(err)
	}
	verdictAndReason(t, r, Fail, "p95 is >100s, was 1.")
}

func skip(r *record.Run, service string, at time.Duration) {
	r.Events = append(r.Events, record.Event{Type: record.TypeEvent, At: at, Kind: record.EventTrialSkipped, RuntimeClass: "runc", Service: service, Message: "not at zero"})
}

// What was planned and not made counts as failed.
func TestTheDenominatorIsWhatWasToBeDone(t *testing.T) {
	r := failing(300, 1000, nil)
	for i := range 300 {
		skip(r, fmt.Sprint("runc-", i), time.Duration(i)*time.Second)
	}
	for text, want := range map[string]Verdict{"failed<1%": Fail, "answered>=98%": Fail, "cold>=99%": Fail, "max<5s": Fail, "p(95)<2s": Fail, "failed<=0%": Fail} {
		if got := ask(t, []*record.Run{r}, nil, text); got.Verdict != want {
			t.Errorf("%s is %s: %s", text, got.Verdict, got.Judgements[0].Reason)
		}
	}
	verdictAndReason(t, ask(t, []*record.Run{r}, nil, "failed<1%"), Fail, "300 of 600 failed (50 %); 300 were not made")

	// In a round the number is known, whether events tell of it or not.
	for _, events := range []int{0, 300} {
		round := burst(500, 200, 0)
		for i := range events {
			skip(round, fmt.Sprint("s-", i), 1)
		}
		verdictAndReason(t, ask(t, []*record.Run{round}, nil, "answered>=98%"), Fail, "200 of 500 answered (40 %)")
	}

	// A number of services of which nothing was made is an error, like a class.
	round := burst(500, 500, 0)
	round.Header.Settings.Services = []int{500, 1000}
	threshold, err := ParseThreshold("answered>=98%")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := JudgeSLO([]*record.Run{round}, []Threshold{threshold}, Conditions{}); err == nil || !strings.Contains(err.Error(), "runc at 1000 services was to be measured") {
		t.Errorf("1000 services were not measured: %v", err)
	}
}

// burst is one round of services of which so many are sent a request, and so many of
// these fail.
func burst(services, sent, fail int) *record.Run {
	b := runtest.New("burst", "runc")
	for i := range sent {
		b.Add("runc", services, time.Second, func(s *record.Sample) {
			if s.Block = 1; i < fail {
				runtest.TimedOut(s)
			}
		})
	}
	r := b.Run()
	r.Header.Command, r.Header.Shape = "scale", record.Shape{Rounds: true}
	return r
}

// A burst is one observation, however many services it has.
func TestABurstIsOneObservation(t *testing.T) {
	verdictAndReason(t, ask(t, []*record.Run{burst(500, 500, 79)}, nil, "answered>=80%"), Inconclusive,
		"421 of 500 answered (84.2 %) in what was fired together; one round is one observation")
	verdictAndReason(t, ask(t, []*record.Run{burst(500, 500, 0)}, nil, "p(95)<2s"), Inconclusive, "one round is one observation")
	if r := ask(t, []*record.Run{manyRounds(5, 100)}, nil, "answered>=80%"); r.Verdict != Pass {
		t.Errorf("five rounds that were all answered: %+v", r.Judgements)
	}
}

// How a run ended counts, whatever its samples are like.
func TestARunThatDidNotComplete(t *testing.T) {
	for name, end := range map[string]*record.End{
		"failed: API server gone": {Reason: record.EndFailed, Error: "API server gone"},
		"was interrupted":         {Reason: record.EndInterrupted},
		"was cut off":             nil,
	} {
		t.Run(name, func(t *testing.T) {
			r := failing(300, 1000, nil)
			r.End = end
			for _, text := range []string{"p(95)<2s", "failed<5%", "max<1ms", "spawned>=1"} {
				verdictAndReason(t, ask(t, []*record.Run{r}, nil, text), Invalid, name)
			}
			allowed, err := JudgeSLO([]*record.Run{r}, []Threshold{{Metric: Percentile, Quantile: 0.95, Operator: "<", Limit: 2e9}}, Conditions{AllowIncomplete: true})
			if err != nil || allowed.Verdict != Pass || len(allowed.Warnings) != 1 || !strings.Contains(allowed.Warnings[0].Message, name) {
				t.Errorf("allowed: %+v, %v", allowed, err)
			}
			cut := func(r *record.Run) { r.End = end }
			verdictAndReason(t, ask(t, side(5, 30, time.Second, 1, cut), side(5, 30, time.Second, 2)), Invalid, name)
			verdictAndReason(t, ask(t, side(5, 30, time.Second, 1), side(5, 30, time.Second, 2, cut)), Invalid, "baseline: ")
			two := sides(100, time.Second, time.Second, 0.1, 1)
			two.End = end
			ab, err := JudgeAB(two, ABOptions{})
			if err != nil {
				t.Fatal(err)
			}
			verdictAndReason(t, ab, Invalid, name)
		})
	}
}

// One or two samples say nothing that could pass.
func TestOneOrTwoSamples(t *testing.T) {
	for _, file := range []string{"one.jsonl", "avg2.jsonl"} {
		for _, text := range []string{"max<100s", "min<100s", "min>1ms", "max>1ms", "avg<100s", "avg>1ms", "p(50)<100s", "failed<=0%", "failed<50%", "cold>=100%", "answered>=100%"} {
			if r := ask(t, read(t, file), nil, text); r.Verdict != Inconclusive {
				t.Errorf("%s, %s: %s: %s", file, text, r.Verdict, r.Judgements[0].Reason)
			}
		}
	}
}

// Requests of one run are not independent of one another: bounds come from runs.
func TestRunsThatDiffer(t *testing.T) {
	verdictAndReason(t, ask(t, read(t, "pooled-*"), nil, "p(50)<1.05s"), Inconclusive, "over 3 runs; the limit lies between them")
}

// Runs that measured different things are neither pooled nor compared, and a copy
// is no evidence.
func TestWhatMayBePooled(t *testing.T) {
	r := ask(t, read(t, "simpson-*"), nil, "p(50)<100s")
	verdictAndReason(t, r, Invalid, "must not be pooled: cpuModel is Slow CPU, was Fast CPU")
	if r.Judgements[0].Mismatches == nil {
		t.Error("the mismatches are not listed")
	}
	limited := func(r *record.Run) { r.Header.Settings.Limits = map[string]string{"cpu": "100m"} }
	verdictAndReason(t, ask(t, side(5, 30, time.Second, 1, limited), side(5, 30, time.Second, 2)), Invalid, `settings.limits is {"cpu":"100m"}, was unset`)
	env := func(r *record.Run) { r.Header.Settings.Env = map[string]string{"A": "b"} }
	verdictAndReason(t, ask(t, side(5, 30, time.Second, 1), side(5, 30, time.Second, 2, env)), Invalid, `settings.env is unset, was {"A":"b"}`)

	for name, new := range map[string]string{"a class more": "addclass-*", "other iterations": "iter-*"} {
		r := ask(t, read(t, new), read(t, "b-*"))
		if r.Verdict != Pass || len(r.Judgements) != 1 || r.Judgements[0].RuntimeClass != "runc" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	one := steady(60)
	if _, err := JudgeSLO([]*record.Run{one, one}, []Threshold{{Metric: Max, Operator: "<", Limit: 1e10}}, Conditions{}); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("a copy: %v", err)
	}
}

// A tail that b alone has must not pass, and is found.
func TestABSeesTheTail(t *testing.T) {
	r, err := JudgeAB(read(t, "ab-tail20s.jsonl")[0], ABOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != Inconclusive {
		t.Errorf("%s: %+v", r.Verdict, r.Judgements)
	}
	slow := func(s *record.Sample) {
		if s.Variant == record.VariantB && s.Block%10 == 7 {
			s.ResponseLatency += 20 * time.Second
		}
	}
	r, err = JudgeAB(sides(150, time.Second, time.Second, 0.1, 1, slow), ABOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != Fail || r.Judgements[1].Subject != "p95" || r.Judgements[1].Verdict != Fail {
		t.Errorf("%s: %+v", r.Verdict, r.Judgements)
	}
}

// Services that differ for good, and never change side, explain a difference away;
// services that change sides do not.
func TestABServicesThatDiffer(t *testing.T) {
	const blocks = 160
	named := func(swap bool) *record.Run {
		r := sides(blocks, time.Second, 1150*time.Millisecond, 0.03, 3)
		for i := range r.Samples {
			s := &r.Samples[i]
			service := s.Block % 4
			s.Service = fmt.Sprint(s.Variant, service)
			if swap && s.Block%8 >= 4 {
				s.Service = fmt.Sprint(map[string]string{"a": "b", "b": "a"}[s.Variant], service)
			}
			s.ResponseLatency = time.Duration(float64(s.ResponseLatency) * (1 + 0.1*float64(service)))
		}
		return r
	}
	fixed, err := JudgeAB(named(false), ABOptions{Quantiles: []float64{0.5}})
	if err != nil {
		t.Fatal(err)
	}
	verdictAndReason(t, fixed, Inconclusive, "services of one side differ lastingly")
	swapped, err := JudgeAB(named(true), ABOptions{Quantiles: []float64{0.5}})
	if err != nil {
		t.Fatal(err)
	}
	verdictAndReason(t, swapped, Fail, "tolerance 10 %")
}
