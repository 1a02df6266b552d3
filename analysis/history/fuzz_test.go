package history

import (
	"bytes"
	"os"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// FuzzHistory: whatever run files hold, they make a history or an error, and no run is
// lost: it is a point, or stands apart.
func FuzzHistory(f *testing.F) {
	for _, name := range []string{"one", "hour", "pass3v3-base-0", "iter-0"} {
		text, err := os.ReadFile("../gate/testdata/cases/" + name + ".jsonl")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, text)
		f.Add(text, bytes.Replace(text, []byte(`"runId`), []byte(`"x`), 1))
	}
	f.Fuzz(func(t *testing.T, one, other []byte) {
		b, err := New(Options{Quantile: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		added := map[string]bool{}
		for name, data := range map[string][]byte{"one": one, "other": other} {
			run, err := record.Read(bytes.NewReader(data))
			if err != nil {
				continue
			}
			added[name] = true
			b.Add(Source{File: name, Label: "x", Run: run})
			if gate.Ending(run) != "" && len(b.apart) == 0 {
				t.Errorf("%s is used and %s", name, gate.Ending(run))
			}
		}
		h, err := b.History()
		if err != nil {
			return
		}
		for _, a := range h.Apart {
			delete(added, a.File)
		}
		for _, s := range h.Series {
			for _, p := range s.Points {
				delete(added, p.File)
			}
			for _, a := range s.Apart {
				delete(added, a.File)
			}
		}
		if len(added) > 0 {
			t.Errorf("%v are nowhere", added)
		}
	})
}
