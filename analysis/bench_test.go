package analysis_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// BenchmarkReport reports run files of a million samples, without and with the
// phases of their cold starts:
//
//	go test ./analysis -run '^$' -bench Report -benchtime 1x
//
// It prints the time, and the most memory that was held.
func BenchmarkReport(b *testing.B) {
	for _, c := range []struct {
		name   string
		change func(*record.Sample)
	}{
		{"requests", func(*record.Sample) {}},
		{"phases", runtest.Phases},
	} {
		b.Run(c.name, func(b *testing.B) {
			const samples = 1_000_000
			path := filepath.Join(b.TempDir(), "run.jsonl")
			size := writeMany(b, path, samples, c.change)
			b.SetBytes(size)
			for b.Loop() {
				reportFile(b, path)
			}
			b.ReportMetric(float64(size)/samples, "bytes/sample")
		})
	}
}

func reportFile(b *testing.B, path string) {
	b.Helper()
	peak := watchHeap()
	s, err := analysis.SummariseFiles(path)
	if err != nil {
		b.Fatal(err)
	}
	for _, draw := range []func(io.Writer, *analysis.Summary) error{report.Text, report.Phases} {
		if err := draw(io.Discard, s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(peak())/(1<<20), "MiB-peak")
}

// writeMany writes a run of so many samples of three classes.
func writeMany(b *testing.B, path string, samples int, change func(*record.Sample)) (size int64) {
	b.Helper()
	classes := []string{"runc", "crun", "gvisor"}
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriterSize(f, 1<<20)
	w, err := record.NewWriter(out, runtest.New("r", classes...).Run().Header)
	draw := runtest.LogNormal(1, time.Second, 0.4)
	one := runtest.New("r").Add("x", 1, time.Second).Run().Samples[0]
	for i := 0; i < samples && err == nil; i++ {
		s := one
		s.RuntimeClass, s.Block, s.ResponseLatency = classes[i%3], i/3, draw()
		s.Service = fmt.Sprintf("coldstart-%s-%03d", s.RuntimeClass, i%500)
		s.Instance = &record.Instance{Pod: s.Service + "-00001-deployment-6d4cf56db6-abcde", UID: fmt.Sprintf("%08x-0000-4000-8000-000000000000", i)}
		s.Done = s.Sent + s.ResponseLatency
		change(&s)
		err = w.Sample(s)
	}
	if err == nil {
		err = w.End(time.Hour, record.EndCompleted, nil)
	}
	if err == nil {
		err = out.Flush()
	}
	info, statErr := f.Stat()
	if err != nil || statErr != nil || f.Close() != nil {
		b.Fatal(err, statErr)
	}
	return info.Size()
}

// watchHeap samples how much memory is in use until the result is called.
func watchHeap() (peak func() uint64) {
	runtime.GC()
	done, result := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			most = max(most, m.Sys-m.HeapReleased)
			select {
			case <-done:
				result <- most
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(done); return <-result }
}
