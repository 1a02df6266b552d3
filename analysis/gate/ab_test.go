package gate

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// sides is an A/B run of so many blocks around two medians.
func sides(blocks int, a, b time.Duration, sigma float64, seed uint64, changes ...func(*record.Sample)) *record.Run {
	run := runtest.New("ab", "runc", "runc")
	drawA, drawB := runtest.LogNormal(seed, a, sigma), runtest.LogNormal(seed+1000, b, sigma)
	of := func(variant string, block int) []func(*record.Sample) {
		return append([]func(*record.Sample){func(s *record.Sample) { s.Variant, s.Block = variant, block }}, changes...)
	}
	for i := range blocks {
		if i%2 == 0 {
			run.Add("runc", 1, drawA(), of("a", i)...).Add("runc", 1, drawB(), of("b", i)...)
		} else {
			run.Add("runc", 1, drawB(), of("b", i)...).Add("runc", 1, drawA(), of("a", i)...)
		}
	}
	r := run.Run()
	r.Header.Shape = record.Shape{Sides: true, Sequential: true}
	r.Header.Classes[0].Variant, r.Header.Classes[1].Variant = "a", "b"
	return r
}

// inBlocks changes the samples of one side in the blocks below a number.
func inBlocks(variant string, below int, change func(*record.Sample)) func(*record.Sample) {
	return func(s *record.Sample) {
		if s.Variant == variant && s.Block < below {
			change(s)
		}
	}
}

// everyBlock changes the samples of one side in each n-th block.
func everyBlock(variant string, n int, change func(*record.Sample)) func(*record.Sample) {
	return func(s *record.Sample) {
		if s.Variant == variant && s.Block%n == 0 {
			change(s)
		}
	}
}

func TestJudgeAB(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	for _, c := range []struct {
		name    string
		run     *record.Run
		options ABOptions
		// want is the verdict, then those of latency and failures.
		want   [3]Verdict
		reason string
		notice string
	}{
		{name: "the same", run: sides(150, s, s, 0.15, 1), want: [3]Verdict{Pass, Pass, Pass}, reason: "tolerance 10 %"},
		{name: "slower by half", run: sides(30, s, 1500*ms, 0.15, 2), want: [3]Verdict{Fail, Fail, Inconclusive}, reason: "over 30 blocks; tolerance 10 %"},
		{name: "slower by a quarter", run: sides(100, s, 1250*ms, 0.15, 3), want: [3]Verdict{Fail, Fail, Pass}},
		{name: "faster", run: sides(80, s, 700*ms, 0.15, 4), want: [3]Verdict{Pass, Pass, Pass}, notice: "improvement: faster by "},
		{name: "slower within the tolerance", run: sides(600, s, 1040*ms, 0.1, 25), want: [3]Verdict{Pass, Pass, Pass}, notice: "slower by 3."},
		{name: "slower by less than 50 ms", run: sides(150, 100*ms, 130*ms, 0.1, 6), want: [3]Verdict{Pass, Pass, Pass}, notice: "within the tolerance"},
		{name: "a wide tolerance", run: sides(80, s, 1300*ms, 0.15, 7), options: ABOptions{Tolerance: Tolerance{Share: 1}}, want: [3]Verdict{Pass, Pass, Pass}, notice: "within the tolerance"},
		{name: "six blocks show nothing", run: sides(6, s, 9*s, 0.1, 8), want: [3]Verdict{Inconclusive, Inconclusive, Inconclusive}, reason: "; too few blocks to say"},
		{name: "at the tolerance", run: sides(30, s, 1095*ms, 0.15, 9), want: [3]Verdict{Inconclusive, Inconclusive, Inconclusive}, reason: "; neither is b shown"},
		{name: "one block", run: sides(1, s, s, 0.1, 10), want: [3]Verdict{Inconclusive, Inconclusive, Inconclusive}, reason: "no lower bound, no upper bound"},
		{name: "nothing yet", run: sides(0, s, s, 0.1, 11), want: [3]Verdict{Inconclusive, Inconclusive, Inconclusive}, reason: "no block has"},

		{name: "b times out", run: sides(12, s, s, 0.1, 12, inBlocks("b", 12, runtest.TimedOut)), want: [3]Verdict{Fail, Fail, Fail}, reason: "p50 is >100s, of a "},
		{name: "both time out", run: sides(80, s, s, 0.1, 13, runtest.TimedOut), want: [3]Verdict{Inconclusive, Inconclusive, Pass}},
		{name: "b times out sometimes", run: sides(200, s, s, 0.1, 14, everyBlock("b", 9, runtest.TimedOut)), want: [3]Verdict{Fail, Pass, Fail}},
		{name: "b fails", run: sides(40, s, s, 0.1, 15, everyBlock("b", 4, runtest.Failed(record.HTTP))), want: [3]Verdict{Fail, Invalid, Fail}, reason: "b: 10 of 40 samples failed"},
		{name: "b fails once more than chance allows to pass", run: sides(100, s, s, 0.1, 16, everyBlock("b", 17, runtest.Failed(record.Reset))), want: [3]Verdict{Inconclusive, Pass, Inconclusive}, reason: "tolerance 10 %"},
		{name: "both fail", run: sides(80, s, s, 0.1, 17, inBlocks("a", 20, runtest.Failed(record.HTTP)), inBlocks("b", 20, runtest.Failed(record.HTTP))), want: [3]Verdict{Invalid, Invalid, Pass}, reason: "; b: 20 of 80"},
		{name: "a fails", run: sides(100, s, s, 0.1, 18, everyBlock("a", 11, runtest.Failed(record.HTTP))), want: [3]Verdict{Pass, Pass, Pass}},
		{name: "warm", run: sides(80, s, 2*s, 0.1, 19, inBlocks("a", 9, runtest.Coldness(record.Warm))), want: [3]Verdict{Invalid, Invalid, Pass}, reason: "a: 9 of 80 samples are not proven cold"},
		{name: "late", run: sides(80, s, 2*s, 0.1, 20, runtest.Late(time.Second)), want: [3]Verdict{Invalid, Invalid, Pass}, reason: "the client was late"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.Quantiles = []float64{0.5}
			r, err := JudgeAB(c.run, c.options)
			if err != nil {
				t.Fatal(err)
			}
			latency, failed := r.Judgements[0], r.Judgements[1]
			if got := [3]Verdict{r.Verdict, latency.Verdict, failed.Verdict}; got != c.want {
				t.Errorf("verdicts %v, want %v: %s", got, c.want, latency.Reason)
			}
			if !strings.Contains(latency.Reason, c.reason) {
				t.Errorf("reason %q lacks %q", latency.Reason, c.reason)
			}
			if !strings.Contains(latency.Notice, c.notice) || c.notice == "" && latency.Notice != "" {
				t.Errorf("notice %q, want %q", latency.Notice, c.notice)
			}
		})
	}
}

// While the run goes on the same is said as of the file, but for the power.
func TestJudgeABInterim(t *testing.T) {
	run := sides(30, time.Second, 1500*time.Millisecond, 0.2, 1)
	whole, err := JudgeAB(run, ABOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run.End = nil
	interim, err := JudgeAB(run, ABOptions{Interim: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, interim, cmpopts.IgnoreFields(Judgement{}, "Power", "Notice")); diff != "" {
		t.Error(diff)
	}
	if p := whole.Judgements[0].Power; p == nil || !strings.HasPrefix(p.Text, "would have caught +") {
		t.Errorf("power %+v", p)
	}
}

func TestJudgeABNeedsSides(t *testing.T) {
	if _, err := JudgeAB(runtest.New("x", "runc").Run(), ABOptions{}); !errors.Is(err, ErrNothingToJudge) {
		t.Errorf("no sides: %v", err)
	}
	if _, err := JudgeAB(sides(9, 1, 1, 1, 1), ABOptions{Tolerance: Tolerance{Share: -1}}); err == nil {
		t.Error("a negative tolerance is taken")
	}
}

// A discarded block does not count. One that lacks a side does where the run is
// complete: that side was not made. Otherwise it may just not be over.
func TestBlocksOf(t *testing.T) {
	run := sides(4, time.Second, time.Second, 0.1, 1, inBlocks("a", 1, runtest.Discarded), inBlocks("b", 1, runtest.Discarded))
	run.Samples = run.Samples[:7]
	blocks := blocksOf(run, true)
	if len(blocks) != 3 || len(pairsOf(blocks)) != 3 || (blocks[2].a == nil) == (blocks[2].b == nil) {
		t.Errorf("%d blocks, %d pairs", len(blocks), len(pairsOf(blocks)))
	}
	if blocks := blocksOf(run, false); len(blocks) != 2 {
		t.Errorf("%d blocks of a run that goes on", len(blocks))
	}
}

// A side of which nothing was answered has no latency that 50 ms could be a share of.
func TestABWhereOneSideNeverAnswers(t *testing.T) {
	for variant, want := range map[string]Verdict{"a": Invalid, "b": Fail} {
		r, err := JudgeAB(sides(80, time.Second, time.Second, 0.1, 1, inBlocks(variant, 80, runtest.Failed(record.Refused))), ABOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != want {
			t.Errorf("%s never answers: %s: %+v", variant, r.Verdict, r.Judgements)
		}
	}
}

func TestRecordedAB(t *testing.T) {
	tolerance := Tolerance{Share: 0.2, Absolute: time.Second}
	quantiles := []float64{0.5, 0.999, 0.07}
	h := record.Header{Settings: record.Settings{Tolerance: &tolerance, Percentiles: Percentiles(quantiles)}}
	want := ABOptions{Tolerance: tolerance, Quantiles: quantiles}
	if got, err := RecordedAB(h); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := RecordedAB(record.Header{}); err != nil || !cmp.Equal(got, ABOptions{}) {
		t.Errorf("of a run without any: %+v, %v", got, err)
	}
	for _, text := range []string{`{"tolerance": "10%"}`, `{"percentiles": "50"}`, `{"percentiles": [0.5]}`, `{"percentiles": [100]}`} {
		var h record.Header
		if err := json.Unmarshal([]byte(text), &h.Settings); err != nil {
			t.Fatal(err)
		}
		if got, err := RecordedAB(h); err == nil {
			t.Errorf("%s is read as %+v", text, got)
		}
	}
}

// A run that was made for the median alone is judged by the median alone.
func TestABJudgesTheRecordedPercentiles(t *testing.T) {
	r := sides(100, time.Second, time.Second, 0.1, 1)
	r.Header.Settings.Percentiles = []float64{50}
	o, err := RecordedAB(r.Header)
	if err != nil {
		t.Fatal(err)
	}
	result, err := JudgeAB(r, o)
	if err != nil {
		t.Fatal(err)
	}
	var subjects []string
	for _, j := range result.Judgements {
		subjects = append(subjects, j.Subject)
	}
	if diff := cmp.Diff([]string{"p50", "failed"}, subjects); diff != "" || result.Verdict != Pass {
		t.Errorf("%s: %s", result.Verdict, diff)
	}
}
