package report

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/perf/benchfmt"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestCSVHasARowForEverySample(t *testing.T) {
	r := runtest.Troubled()
	r.Samples[3].Error = "said \"no\",\nand\r\nleft"
	var out bytes.Buffer
	if err := CSV(&out, r, runtest.Three()); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + len(r.Samples) + len(runtest.Three().Samples); len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	if n := len(csvHead) + len(csvPhases); len(rows[0]) != n {
		t.Errorf("%d columns, want %d", len(rows[0]), n)
	}
}

func TestCSVRow(t *testing.T) {
	b := runtest.New("run", "runc").Add("runc", 1, time.Second, runtest.Phases)
	r := b.Add("runc", 1, time.Second, runtest.Discarded, func(s *record.Sample) { s.Selected = record.SelectedSlowest }).Run()
	var out bytes.Buffer
	if err := CSV(&out, r); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got, ofLoad := map[string]string{}, map[string]string{}
	for i, name := range rows[0] {
		got[name], ofLoad[name] = rows[1][i], rows[2][i]
	}
	if ofLoad["selected"] != "slowest" || ofLoad["measured"] != "false" {
		t.Errorf("a request of a load is %v", ofLoad)
	}
	for name, want := range map[string]string{
		"runId": "run", "measured": "true", "selected": "", "responseLatencyNs": "1000000000", "latenessNs": "200000",
		"scaledNs": "1050200000", "sandboxReadyNs": "", "uid": "runc-uid-0", "sentNs": "1000200000",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// readBench reads what Benchfmt writes with the format's own reader.
func readBench(t *testing.T, in io.Reader) (names []string, values []map[string]float64) {
	t.Helper()
	r := benchfmt.NewReader(in, "test")
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Errorf("the reader does not understand: %v", rec)
		case *benchfmt.Result:
			one := map[string]float64{}
			for _, v := range rec.Values {
				one[v.Unit] = v.Value
			}
			names, values = append(names, rec.Name.String()), append(values, one)
		}
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return names, values
}

func TestBenchfmtIsReadByItsOwnReader(t *testing.T) {
	r := runtest.New("r", "runc").
		Add("runc", 1, 1500*time.Millisecond).
		Add("kata fc/2", 10, 0, runtest.TimedOut).
		Add("crun", 1, time.Second, runtest.Coldness(record.Warm)).
		Add("runc", 1, time.Second, runtest.Failed(record.HTTP)).
		Add("runc", 1, time.Second, runtest.Discarded).Run()
	r.Header.Cluster.CPUModel = "A CPU\nBenchmarkForged 1 1 ns/op"
	var out bytes.Buffer
	if err := Benchfmt(&out, r); err != nil {
		t.Fatal(err)
	}
	names, values := readBench(t, &out)
	runc, kata := "ColdStart/runtimeClass=runc/services=1", "ColdStart/runtimeClass=kata_fc_2/services=10"
	if diff := cmp.Diff([]string{runc, runc, kata, runc, kata}, names); diff != "" {
		t.Error(diff)
	}
	want := []map[string]float64{
		{"sec/op": 1.5, "ttfb-sec/op": 1.485},
		{"sec/op": 100},
		{"sec/op": 100},
		{"not-answered-%": 50},
		{"not-answered-%": 100},
	}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Error(diff)
	}
}

// benchstat itself is a tool of this module.
func TestBenchstatComparesTheClasses(t *testing.T) {
	if testing.Short() {
		t.Skip("builds benchstat")
	}
	file := filepath.Join(t.TempDir(), "run.bench")
	var bench bytes.Buffer
	if err := Benchfmt(&bench, runtest.Three()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bench.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "tool", "benchstat", "-col", "/runtimeClass", file).CombinedOutput()
	if err != nil {
		t.Fatalf("benchstat: %v\n%s", err, out)
	}
	for _, want := range []string{"runc", "crun", "gvisor", "sec/op", "vs base", "ColdStart/services=1", "1.210", "+81"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("benchstat does not show %q:\n%s", want, out)
		}
	}
}
