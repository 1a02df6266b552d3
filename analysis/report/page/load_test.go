package page

import (
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Of a long load not every second is drawn, but those that were bad are.
func TestBadSecondsOfALongLoadAreDrawn(t *testing.T) {
	const failed, slow = 3334, 5000
	l := load.Load{RuntimeClass: "runc", Seconds: make([]load.Second, 3*secondLimit)}
	for i := range l.Seconds {
		s := &l.Seconds[i]
		s.Second, s.Due, s.P99 = i, 1, stat.Point{Latency: time.Millisecond}
	}
	l.Seconds[failed].P99 = stat.Point{Latency: time.Microsecond, Over: true, Failed: true}
	l.Seconds[failed+1].P99.Latency, l.Seconds[slow].P99.Latency = time.Hour, time.Second
	s := &analysis.Summary{Loads: []load.Load{l}}
	found := map[int]secondOfChart{}
	for _, second := range chartsOf(s, nil).Loads[0].Seconds {
		found[second.Second] = second
	}
	if len(found) > secondLimit || !found[failed].Lost || found[slow].P99 != time.Second {
		t.Errorf("%d seconds are drawn; the failed one is %+v, the slow one %+v", len(found), found[failed], found[slow])
	}
	for _, figure := range loadFigures(s)[:2] {
		if !strings.Contains(figure.Lead, "of up to 3 together the one with the highest p99") {
			t.Errorf("figure %s does not say so: %s", figure.ID, figure.Lead)
		}
	}
}
