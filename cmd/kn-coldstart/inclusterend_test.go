package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/incluster"
)

// The pod of a run is removed at its end, unless its log may be the only good copy of the run
// file.
func TestEndOfAPodRun(t *testing.T) {
	const id = "20261121-104501-a1b2c3"
	lines := []string{
		fmt.Sprintf(`{"type":"run","schema":1,"runId":%q}`, id), `{"type":"event","seq":1}`, `{"type":"event","seq":2}`, `{"type":"end","reason":"completed"}`,
	}
	receipt := &record.Receipt{Lines: len(lines), SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, "\n")+"\n")))}
	damaged := []string{lines[0], `{"type":"event","s`}
	full := func(t *testing.T, r *podRun, _ *podCluster) { // what is written to a file that is closed fails, as on a full disk
		if err := r.copy.Leave(); err != nil {
			t.Fatal(err)
		}
	}
	unknown := func(_ *testing.T, _ *podRun, c *podCluster) {
		c.kube.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, errors.New("refused") })
	}
	died := incluster.Ending{Code: 137, Reason: "its container was killed"}
	for name, c := range map[string]struct {
		there, come []string
		receipt     *record.Receipt
		ending      incluster.Ending
		noPod       bool
		signal      bool
		before      func(*testing.T, *podRun, *podCluster)
		code        int
		left        bool
	}{
		"whole":                           {come: lines, receipt: receipt},
		"whole, of a run that failed":     {come: lines, receipt: receipt, ending: incluster.Ending{Code: 1}, code: exitFailed},
		"whole, after Ctrl-C":             {come: lines, receipt: receipt, signal: true, code: exitInterrupted},
		"with a damaged middle":           {there: damaged, come: lines, receipt: receipt, code: exitFailed, left: true},
		"with a damaged middle, no pod":   {there: damaged, come: lines, receipt: receipt, noPod: true, code: exitFailed},
		"without its last line":           {come: lines, receipt: receipt, before: full, code: exitFailed, left: true},
		"without its last line, Ctrl-C":   {come: lines, receipt: receipt, before: full, signal: true, code: exitInterrupted, left: true},
		"without its receipt":             {come: lines, code: exitFailed, left: true},
		"that is not whole, pods unknown": {come: lines, noPod: true, before: unknown, code: exitFailed, left: true},
		"killed":                          {come: lines[:3], ending: died, code: 137},
		"killed, with a damaged middle":   {there: damaged, come: lines[:3], ending: died, code: 137, left: true},
		"killed, and not written":         {come: lines[:3], ending: died, before: full, code: 137, left: true},
	} {
		t.Run(name, func(t *testing.T) {
			cluster, path := newPodCluster(), filepath.Join(t.TempDir(), "run.jsonl")
			job := cluster.start(t, id)
			if !c.noPod {
				cluster.addPod(t, id)
			}
			if c.there != nil {
				if err := os.WriteFile(path, []byte(strings.Join(c.there, "\n")+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run, err := openPodRun(cluster.Client, job, path, say)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range c.come {
				if err := run.Line([]byte(line)); err != nil {
					t.Fatal(err)
				}
			}
			if run.receipt = c.receipt; c.before != nil {
				c.before(t, run, cluster)
			}
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			if c.signal {
				interrupt()
			}
			_, err = run.finish(ctx, c.ending, nil)
			if code := exitCode(t.Context(), err); code != c.code {
				t.Errorf("exit code %d, want %d: %v", code, c.code, err)
			}
			if hint := ksvc.Hint(err); c.left && c.code == exitFailed && !strings.Contains(hint, "attach -n bench "+id+" --run-file OTHER") {
				t.Errorf("%v, hint %q", err, hint)
			}
			if left := cluster.runs(t)[id]; left != c.left {
				t.Errorf("left there: %v, want %v: %v", left, c.left, err)
			}
		})
	}
}
