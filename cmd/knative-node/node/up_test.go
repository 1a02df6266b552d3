package node

import (
	"os"
	"strings"
	"testing"
)

func TestFollow(t *testing.T) {
	for _, c := range []struct {
		name, reports string
		want          string
		steps         int
	}{
		{"ready", `{"kind":"started","step":"a"}` + "\n" + `{"kind":"done","step":"a"}` + "\n" + `{"kind":"ready"}` + "\n", "", 3},
		{"failed", `{"kind":"started","step":"a"}` + "\n" + `{"kind":"failed","detail":"etcd ended"}` + "\n", "etcd ended", 1},
		{"ended without a report", "", "last words", 0},
		{"not a report", "x\n", "read the progress of the boot", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := Layout{State: t.TempDir()}
			writeFile(t, l.supervisorLog(), "last words\n")
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if _, err := w.WriteString(c.reports); err != nil {
				t.Fatal(err)
			}
			w.Close()
			steps := 0
			err = l.follow(r, func(Progress) { steps++ })
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if steps != c.steps {
				t.Errorf("%d steps, want %d", steps, c.steps)
			}
		})
	}
}
