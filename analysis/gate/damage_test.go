package gate

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// damaged is the run of a file in testdata/cases whose lines were changed.
func damaged(t *testing.T, name string, change func(lines [][]byte) [][]byte) *record.Run {
	t.Helper()
	text, err := os.ReadFile("testdata/cases/" + name)
	if err != nil {
		t.Fatal(err)
	}
	run, err := record.Read(bytes.NewReader(bytes.Join(change(slices.Collect(bytes.Lines(text))), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// A file that does not hold what the run wrote is no evidence, however good the rest is.
func TestADamagedFileIsInvalid(t *testing.T) {
	for name, change := range map[string]func(lines [][]byte) [][]byte{
		"lost a line":     func(l [][]byte) [][]byte { return slices.Delete(l, 5, 6) },
		"lost most lines": func(l [][]byte) [][]byte { return slices.Delete(l, 2, 90) },
		"a broken line":   func(l [][]byte) [][]byte { l[7] = l[7][20:]; return l },
		"a sample twice":  func(l [][]byte) [][]byte { return slices.Insert(l, 3, l[1]) },
		"one for another": func(l [][]byte) [][]byte { l[4] = l[3]; return l },
		"lost a proof": func(l [][]byte) [][]byte {
			l[5] = bytes.Replace(l[5], []byte(`"type": "sample"`), []byte(`"type": "request"`), 1)
			return l
		},
		"samples after the end":  func(l [][]byte) [][]byte { return append(l, l[1]) },
		"the end twice":          func(l [][]byte) [][]byte { return append(l, l[len(l)-1]) },
		"the end in the middle":  func(l [][]byte) [][]byte { return slices.Insert(l, 50, l[len(l)-1]) },
		"a kind that is unknown": func(l [][]byte) [][]byte { l[2] = bytes.Replace(l[2], []byte("sample"), []byte("smaple"), 1); return l },
		"another unit": func(l [][]byte) [][]byte {
			for i := range l {
				l[i] = bytes.Replace(l[i], []byte(`"doneNs": `), []byte(`"doneNs": 1`), 1)
			}
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := damaged(t, "cens3of100.jsonl", change)
			verdictAndReason(t, ask(t, []*record.Run{run}, nil, "p(50)<5s"), Invalid, "has a damaged file: ")
			threshold, err := ParseSLO("p(50)<5s")
			if err != nil {
				t.Fatal(err)
			}
			allowed, err := JudgeSLO([]*record.Run{run}, []Threshold{threshold}, Conditions{AllowIncomplete: true})
			if err != nil || allowed.Verdict == Invalid {
				t.Errorf("allowed: %+v, %v", allowed, err)
			}
		})
	}
	whole := damaged(t, "cens3of100.jsonl", func(l [][]byte) [][]byte { return l })
	if r := ask(t, []*record.Run{whole}, nil, "p(50)<5s"); r.Verdict != Pass {
		t.Errorf("the file as it is: %+v", r.Judgements)
	}
}

// A run counts once, whatever its copy is called.
func TestACopyByAnotherNameIsRefused(t *testing.T) {
	named := func(id string) *record.Run {
		return damaged(t, "b-0.jsonl", func(l [][]byte) [][]byte {
			l[0] = bytes.Replace(l[0], []byte(`"runId":"b-0"`), []byte(id), 1)
			return l
		})
	}
	threshold, err := ParseSLO("p(50)<5s")
	if err != nil {
		t.Fatal(err)
	}
	for _, ids := range [][2]string{{`"runId":"b-0"`, `"runId":"b-0"`}, {`"runId":"b-0"`, `"runId":"b-9"`}, {`"runId":""`, `"runId":""`}, {`"x":1`, `"x":1`}} {
		runs := []*record.Run{named(ids[0]), named(ids[1])}
		if _, err := JudgeSLO(runs, []Threshold{threshold}, Conditions{}); err == nil || !strings.Contains(err.Error(), "a copy is no further evidence") {
			t.Errorf("%v in thresholds: %v", ids, err)
		}
		if _, err := JudgeRegression(runs[:1], runs[1:], Options{}); err == nil || !strings.Contains(err.Error(), "a copy is no further evidence") {
			t.Errorf("%v against a baseline: %v", ids, err)
		}
	}
}
