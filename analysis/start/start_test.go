package start

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func pulled(s *record.Sample) { s.Pulled = true }

func fates(list List) []Fate {
	var all []Fate
	for _, s := range list {
		all = append(all, s.Fate)
	}
	return all
}

func TestOf(t *testing.T) {
	r := runtest.New("r", "runc").
		Add("runc", 1, time.Second, runtest.Discarded).
		Add("runc", 1, time.Second).
		Add("runc", 1, 0, runtest.TimedOut).
		Add("runc", 1, time.Second, runtest.Failed(record.HTTP)).
		Add("runc", 1, time.Second, runtest.Coldness(record.Warm)).
		Add("runc", 1, time.Minute, pulled).
		Add("runc", 1, 0, runtest.Failed(record.HTTP), pulled).Run()
	r.Events = append(r.Events, record.Event{At: time.Hour, Kind: record.EventTrialSkipped, RuntimeClass: "runc"})
	list := Of(r)[record.Key{RuntimeClass: "runc", Services: 1}]
	if diff := cmp.Diff([]Fate{Answered, TimedOut, Failed, Unproven, Pulled, Failed, NotMade}, fates(list)); diff != "" {
		t.Error(diff)
	}
	if all := list.Latencies(); all.N() != 5 || all.Failed() != 3 || all.Censored() != 1 {
		t.Errorf("%d latencies, %d failed, %d timed out", all.N(), all.Failed(), all.Censored())
	}
	if diff := cmp.Diff([]Fate{Answered, TimedOut, Failed, Failed}, fates(list.First(4))); diff != "" {
		t.Errorf("the first four: %s", diff)
	}
}

// Where nothing of a class was made, the settings say what was to be.
func TestNothingOfAClassWasMade(t *testing.T) {
	for name, c := range map[string]struct {
		settings record.Settings
		rounds   bool
		want     int
	}{
		"one at a time": {record.Settings{}, false, 1},
		"rounds":        {record.Settings{Services: []int{1, 10, 5}}, true, 10},
	} {
		t.Run(name, func(t *testing.T) {
			r := runtest.New("r", "runc", "gvisor").Add("runc", 1, time.Second).Run()
			r.Header.Settings, r.Header.Shape.Rounds = c.settings, c.rounds
			for range 3 {
				r.Events = append(r.Events, record.Event{Kind: record.EventTrialSkipped, RuntimeClass: "gvisor", Service: "gvisor-1"})
			}
			if n := Of(r)[record.Key{RuntimeClass: "gvisor", Services: c.want}].Count(NotMade); n != 3 {
				t.Errorf("%d of 3 skipped trials count: %v", n, Of(r))
			}
		})
	}
}
