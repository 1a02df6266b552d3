package handler

import (
	"strings"
	"testing"
	"time"
)

func TestRead(t *testing.T) {
	list, err := Read(strings.NewReader(`[{"name": "runc", "version": "1.3", "files": [{"path": "/a", "bytes": 10}], "libraries": [{"path": "/b", "bytes": 5}],
		"needs": [{"name": "cgroups", "has": true}], "idle": [{"pid": 1, "program": "shim", "memoryBytes": 7}, {"pid": 2, "program": "app", "memoryBytes": 1}],
		"inTurn": {"count": 3, "startNs": [30, 10, 20], "stopNs": [5]}, "atOnce": [{"count": 2, "startNs": [4, 9], "stopNs": [1, 2], "memoryBytes": 6, "error": "late"}]}]`))
	if err != nil || len(list) != 1 {
		t.Fatalf("%v: %+v", err, list)
	}
	c := &list[0]
	files, all := c.Size()
	if files != 10 || all != 15 || c.Memory() != 8 || c.Failure() != "late" {
		t.Errorf("%d, %d, %d, %q", files, all, c.Memory(), c.Failure())
	}
	if p := Median(c.InTurn.Start, c.InTurn.Count); p.Latency != 20*time.Nanosecond || p.Over {
		t.Errorf("start %s", p)
	}
	if p := Median(c.InTurn.Stop, c.InTurn.Count); !p.Failed {
		t.Errorf("two of three stops failed, and their median is %s", p)
	}
	if p := Last(c.AtOnce[0].Start, 2); p.Latency != 9 || Last(nil, 0) != nil {
		t.Errorf("last %s", p)
	}
}

// What nobody can have measured is refused.
func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                                "EOF",
		`{}`:                              "cannot unmarshal",
		`[]`:                              "there is none",
		`[{"name": "a"}] [{"name": "b"}]`: "more than one list",
		`[{"version": "1"}]`:              "has no name",
		`[{"name": "a"}, {"name": "a"}]`:  `handler "a" is there twice`,
		`[{"name": "a", "files": [{"bytes": -1}]}]`:                    "less than nothing",
		`[{"name": "a", "idle": [{"memoryBytes": -1}]}]`:               "less than no memory",
		`[{"name": "a", "inTurn": {"count": 1, "startNs": [0]}}]`:      "cannot be",
		`[{"name": "a", "atOnce": [{"count": 1, "startNs": [1, 2]}]}]`: "cannot be",
	} {
		if list, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v, want %q", text, list, err, want)
		}
	}
}
