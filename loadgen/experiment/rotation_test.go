package experiment

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPlan(t *testing.T) {
	all := append(targets(3, "runc", "crun"), targets(1, "gvisor")...)
	trials := planOf(all, 4, 7)
	discarded := map[int]int{}
	blocks := map[int][]string{}
	turns := map[string][]int{}
	for i, trial := range trials {
		if trial.discarded {
			discarded[trial.target]++
			if trial.block != 0 || i >= len(all) {
				t.Errorf("trial %d of block %d is discarded", i, trial.block)
			}
			continue
		}
		class := all[trial.target].RuntimeClass
		blocks[trial.block] = append(blocks[trial.block], class)
		turns[class] = append(turns[class], trial.target)
	}
	for i := range all {
		if discarded[i] != 1 {
			t.Errorf("service %s is fired %d times in the discarded round", all[i].Service, discarded[i])
		}
	}
	for block := 1; block <= 4; block++ {
		slices.Sort(blocks[block])
		if diff := cmp.Diff([]string{"crun", "gvisor", "runc"}, blocks[block]); diff != "" {
			t.Errorf("block %d is no pass over the classes: %s", block, diff)
		}
	}
	want := map[string][]int{"runc": {0, 1, 2, 0}, "crun": {3, 4, 5, 3}, "gvisor": {6, 6, 6, 6}}
	if diff := cmp.Diff(want, turns); diff != "" {
		t.Errorf("turns: %s", diff)
	}
}

func TestPlanIsOfItsSeed(t *testing.T) {
	all := targets(2, "runc", "crun", "gvisor")
	order := func(seed uint64) []int {
		var o []int
		for _, trial := range planOf(all, 20, seed) {
			o = append(o, trial.target)
		}
		return o
	}
	if diff := cmp.Diff(order(1), order(1)); diff != "" {
		t.Errorf("one seed, two orders: %s", diff)
	}
	if cmp.Equal(order(1), order(2)) {
		t.Error("two seeds, one order")
	}
	// The order that seed 1 has always had: a run must be repeatable from its file
	// by later versions.
	if diff := cmp.Diff([]int{4, 0, 2, 3, 1, 5, 2, 0, 4}, order(1)[:9]); diff != "" {
		t.Errorf("the order of seed 1 changed: %s", diff)
	}
}

func TestServicesPerClass(t *testing.T) {
	for _, test := range []struct {
		name                string
		window, grace       time.Duration
		classes, iterations int
		want                int
	}{
		{"three classes, the smallest window", 6 * time.Second, time.Second, 3, 30, 13},
		{"one class has the others' time to fill", 6 * time.Second, time.Second, 1, 90, mostServicesPerClass},
		{"never more than iterations", 6 * time.Second, time.Second, 1, 4, 4},
		{"never more than the most", 300 * time.Second, 30 * time.Second, 3, 30, mostServicesPerClass},
		{"many classes", 6 * time.Second, time.Second, 50, 30, 2},
		{"no class", 6 * time.Second, time.Second, 0, 30, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := servicesPerClass(test.window, test.grace, test.classes, test.iterations); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}
