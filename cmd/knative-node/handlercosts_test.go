package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/cost"
)

func TestCostRows(t *testing.T) {
	ms := time.Millisecond
	good := cost.Handler{
		Name: "good", Version: "1.2", Files: []cost.File{{Path: "/a", Bytes: 1_000_000}, {Path: "/b", Bytes: 500_000}},
		Libraries: []cost.File{{Path: "/c", Bytes: 300_000}},
		Idle:      []cost.Process{{PID: 1, Program: "shim", MemoryBytes: 3 << 20}, {PID: 2, Program: "app", MemoryBytes: 1 << 19}},
		InTurn:    cost.Starts{Count: 2, Start: []time.Duration{30 * ms, 10 * ms}, Stop: []time.Duration{5 * ms, 7 * ms}},
		AtOnce: []cost.Starts{
			{Count: 1, Start: []time.Duration{11 * ms}, Stop: []time.Duration{12 * ms}, MemoryBytes: 3 << 20},
			{Count: 2, Start: []time.Duration{1500 * ms, 12345 * ms}, Stop: []time.Duration{9 * ms, 8 * ms}, MemoryBytes: 5 << 20},
		},
	}
	partly := cost.Handler{
		Name: "partly", Version: "2", InTurn: cost.Starts{Count: 2, Start: []time.Duration{20 * ms}, Error: "no"},
		AtOnce: []cost.Starts{{Count: 1, Start: []time.Duration{20 * ms}}, {Count: 2, Error: "not tried"}},
	}
	var got []string
	for _, row := range costRows([]cost.Handler{good, partly}) {
		got = append(got, row.title+": "+row.cell(good)+" | "+row.cell(partly))
	}
	want := strings.Split(strings.TrimSpace(`
version: 1.2 | 2
size of its files: 1.5 MB | 0.0 MB
with shared libraries: 1.8 MB | 0.0 MB
shared libraries: 1 | 0
processes of an idle instance: 2 | 0
their memory: 3.5 MiB | -
start, median of 2 in turn: 10ms | 20ms
stop, median of these: 5ms | -
1 in turn, started and stopped in: 35ms | -
2 in turn, started and stopped in: 52ms | -
1 at once, all run after: 11ms | 20ms
  memory of each: 3.0 MiB | -
  all gone after: 12ms | -
2 at once, all run after: 12.3s | -
  memory of each: 2.5 MiB | -
  all gone after: 9ms | -`), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFailuresOf(t *testing.T) {
	if err := failuresOf([]cost.Handler{{Name: "good"}}); err != nil {
		t.Error(err)
	}
	err := failuresOf([]cost.Handler{
		{Name: "a", Error: "exits"},
		{Name: "b", InTurn: cost.Starts{Error: "hangs"}, AtOnce: []cost.Starts{{Count: 1}, {Count: 9, Error: "not tried"}}},
	})
	if want := "handler a, one instance: exits\nhandler b, in turn: hangs\nhandler b, 9 at once: not tried"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDistinct(t *testing.T) {
	if diff := cmp.Diff([]int{1, 10, 50}, distinct([]int{10, 50, 10, 1})); diff != "" {
		t.Error(diff)
	}
}

func TestAligned(t *testing.T) {
	got := aligned([][]string{{"", "a", "longer"}, {"version", "1.22.333", "2"}})
	if want := "                a  longer\nversion  1.22.333       2\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
