package round

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// diary writes down what a watcher is told, with the numbers of the first class.
type diary struct{ lines []string }

func (d *diary) pass(at time.Duration, p population) {
	if at < time.Hour {
		d.write(fmt.Sprintf("until %d", at), p)
	} else {
		d.write("to the end", p)
	}
}

func (d *diary) see(e event, p population) {
	d.write(fmt.Sprintf("instance %d to %d", e.instance, e.stage), p)
}

func (d *diary) write(what string, p population) {
	c := &p[0]
	d.lines = append(d.lines, fmt.Sprintf("%s: %d alive, %d placed, %d ready, %d answering, %d of all placed",
		what, c.alive(), c.placed, c.ready, c.answering, p.placed()))
}

func TestReplayTellsWatchersBeforeAndAfterEachEvent(t *testing.T) {
	events := []event{ // not in the order of time
		{at: 3, instance: 1, stage: answered},
		{at: 1, instance: 1, stage: created},
		{at: 2, instance: 9, stage: answered}, // of nobody
		{at: 2, instance: 2, stage: ready},    // nothing said that it was created
		{at: 2, instance: 3, class: 1, stage: running},
		{at: 4, instance: 1, stage: ready},     // after its answer
		{at: 5, instance: 1, stage: scheduled}, // told late
		{at: 6, instance: 1, stage: gone},
		{at: 7, instance: 1, stage: gone}, // twice
	}
	var d diary
	replay(events, 2, &d)
	want := []string{
		"until 1: 0 alive, 0 placed, 0 ready, 0 answering, 0 of all placed",
		"instance 1 to 1: 1 alive, 0 placed, 0 ready, 0 answering, 0 of all placed",
		"until 2: 1 alive, 0 placed, 0 ready, 0 answering, 0 of all placed",
		"until 2: 1 alive, 0 placed, 0 ready, 0 answering, 0 of all placed",
		"instance 2 to 4: 2 alive, 1 placed, 1 ready, 0 answering, 1 of all placed",
		"until 2: 2 alive, 1 placed, 1 ready, 0 answering, 1 of all placed",
		"instance 3 to 3: 2 alive, 1 placed, 1 ready, 0 answering, 2 of all placed",
		"until 3: 2 alive, 1 placed, 1 ready, 0 answering, 2 of all placed",
		"instance 1 to 5: 2 alive, 1 placed, 1 ready, 1 answering, 2 of all placed",
		"until 4: 2 alive, 1 placed, 1 ready, 1 answering, 2 of all placed",
		"instance 1 to 4: 2 alive, 2 placed, 2 ready, 1 answering, 3 of all placed",
		"until 5: 2 alive, 2 placed, 2 ready, 1 answering, 3 of all placed",
		"instance 1 to 2: 2 alive, 2 placed, 2 ready, 1 answering, 3 of all placed",
		"until 6: 2 alive, 2 placed, 2 ready, 1 answering, 3 of all placed",
		"instance 1 to 0: 1 alive, 1 placed, 1 ready, 0 answering, 2 of all placed",
		"until 7: 1 alive, 1 placed, 1 ready, 0 answering, 2 of all placed",
		"instance 1 to 0: 1 alive, 1 placed, 1 ready, 0 answering, 2 of all placed",
		"to the end: 1 alive, 1 placed, 1 ready, 0 answering, 2 of all placed",
	}
	if diff := cmp.Diff(want, d.lines); diff != "" {
		t.Error(diff)
	}
}
