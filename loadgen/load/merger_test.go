package load

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// seconds and perSecond are those of the load whose figures are compared.
const (
	mergedSeconds = 5
	perSecond     = 900
)

// requests are those of a load, in the order in which they were due.
func requests() []record.Sample {
	random := rand.New(rand.NewPCG(1, 1))
	var all []record.Sample
	for i := range mergedSeconds * perSecond {
		all = append(all, anyRequest(random, i, time.Duration(i)*time.Second/perSecond))
	}
	return all
}

// count has a tally count those requests that are in a share.
func count(t *testing.T, tally *Tally, share loadgen.Share) {
	t.Helper()
	tally.Target = target()
	tally.WasReady = func(pod string, at time.Duration) bool { return pod > "h-1-00001-deployment-15" || at > 2*time.Second }
	tally.begin(0, func(err error) { t.Error(err) })
	for i, s := range requests() {
		if !share.Has(i) {
			continue
		}
		tally.sent(s.Intended)
		if err := tally.ended(s.Intended, &s); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
	if err := tally.finish(); err != nil {
		t.Fatal(err)
	}
}

// sending is one of several senders, whose words go by way of JSON.
type sending struct {
	kept
	merger *Merger
}

func (s *sending) Sample(one record.Sample) error { return s.merger.Failed(one) }

// What several senders say of their shares is merged to just what one that sent all would have
// said: counts, histograms, the slowest requests.
func TestMergedIsTheSameAsOfOne(t *testing.T) {
	for _, senders := range []int{1, 2, 3, 7} {
		synctest.Test(t, func(t *testing.T) {
			var one, merged kept
			count(t, &Tally{Sink: &one}, loadgen.Share{})
			m := NewMerger(senders)
			m.Target, m.Sink = target(), &merged
			m.BeginAt(0)
			for k := range senders {
				tally := &Tally{
					Sink: &sending{merger: m}, Settled: func(second int) error { return m.Settled(k, second) },
					Part: func(p Part) error {
						text, err := json.Marshal(p)
						if err == nil {
							p = Part{}
							err = json.Unmarshal(text, &p)
						}
						m.Part(p)
						return err
					},
				}
				count(t, tally, loadgen.Share{Index: k, Of: senders})
				if k+1 < senders && len(merged.intervals) > 0 {
					t.Errorf("%d seconds are written before the last sender has said a word", len(merged.intervals))
				}
				if err := m.Gone(k); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(one.intervals, merged.intervals); diff != "" || len(merged.intervals) != mergedSeconds {
				t.Errorf("%d senders: intervals (-one +merged):\n%s", senders, diff)
			}
			if one.intervals[0].Waited == 0 || one.intervals[0].Failures() == 0 {
				t.Errorf("nothing waited or failed: %+v", one.intervals[0])
			}
			slowest := func(s record.Sample) bool { return s.Selected != record.SelectedSlowest }
			if diff := cmp.Diff(slices.DeleteFunc(one.samples, slowest), slices.DeleteFunc(merged.samples, slowest)); diff != "" {
				t.Errorf("%d senders: slowest (-one +merged):\n%s", senders, diff)
			}
		})
	}
}

// A sender that is behind holds up the seconds of which it may say more, and no others.
func TestASecondWaitsForAllSenders(t *testing.T) {
	var k kept
	m := NewMerger(2)
	m.Sink, m.Target = &k, target()
	part := func(second int) Part {
		return Part{Interval: record.Interval{Second: second, Sent: 1, CutOff: 1}}
	}
	m.BeginAt(3 * time.Second)
	m.Part(part(0))
	m.Part(part(1))
	for _, step := range []struct{ sender, settled, written int }{{0, 2, 0}, {1, 1, 1}, {1, 2, 2}} {
		if err := m.Settled(step.sender, step.settled); err != nil || len(k.intervals) != step.written {
			t.Errorf("%+v: %d are written, %v", step, len(k.intervals), err)
		}
	}
	if k.intervals[1].At != 4*time.Second || k.intervals[1].Service != "h-1" {
		t.Errorf("interval %+v", k.intervals[1])
	}
}

// The pacers of all shares together have each request due once.
func TestSharesOfASchedule(t *testing.T) {
	for _, rate := range []string{"100/s", "poisson:50/s", "sine:10/s..200/s:2s", "10/s:1s,0/s:1s,90/s..10/s:2s"} {
		s, length := parsed(t, rate), 4*time.Second
		all := slices.Collect(dues(s.Pacer(length, 1), length, loadgen.Share{}))
		text, err := json.Marshal(s)
		var sent Schedule
		if err == nil {
			err = json.Unmarshal(text, &sent)
		}
		if err != nil {
			t.Fatal(err)
		}
		var split []time.Duration
		for k := range 3 {
			share := loadgen.Share{Index: k, Of: 3}
			part := slices.Collect(dues(sent.Pacer(length, 1), length, share))
			if n := Count(sent.Pacer(length, 1), length, share); n != len(part) {
				t.Errorf("%s: %d are counted, and there are %d", rate, n, len(part))
			}
			split = append(split, part...)
		}
		slices.Sort(split)
		if diff := cmp.Diff(all, split); diff != "" || len(all) == 0 {
			t.Errorf("%s: due (-all +split):\n%s", rate, diff)
		}
	}
}
