package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// runMaker writes run files for scripts:
//
//	make-run [flags] FILE CLASS=MEDIAN...
//
// With -ab the classes are the sides of one, a=MEDIAN b=MEDIAN.
//
// Latencies are lognormal around the medians; the file is named after its run.
type runMaker struct {
	samples, warm  int
	day            int
	end            string
	sigma          float64
	seed           uint64
	kernel, digest string
	ab             bool
}

func makeRun() {
	var m runMaker
	flags := flag.NewFlagSet("make-run", flag.ExitOnError)
	flags.IntVar(&m.samples, "n", 20, "samples of each class")
	flags.IntVar(&m.warm, "warm", 0, "how many of them were warm")
	flags.IntVar(&m.day, "day", 0, "days after 2026-01-02 on which it begins")
	flags.StringVar(&m.end, "end", record.EndCompleted, "how it ends")
	flags.Float64Var(&m.sigma, "sigma", 0.1, "standard deviation of the logarithm")
	flags.Uint64Var(&m.seed, "seed", 1, "seed")
	flags.StringVar(&m.kernel, "kernel", "6.1.0", "kernel")
	flags.StringVar(&m.digest, "digest", "sha256:0", "image digest")
	flags.BoolVar(&m.ab, "ab", false, "sides instead of classes")
	_ = flags.Parse(os.Args[1:]) // exits on error
	if err := m.write(flags.Arg(0), flags.Args()[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (m *runMaker) write(path string, classes []string) error {
	h := record.Header{RunID: strings.TrimSuffix(filepath.Base(path), ".jsonl"), Tool: record.Tool{Version: "v0"}, Command: "single", Seed: m.seed, Settings: record.Settings{},
		Started: time.Date(2026, 1, 2+m.day, 3, 4, 5, 0, time.UTC), Cluster: record.Fingerprint{Kernel: m.kernel}}
	var medians []time.Duration
	for _, class := range classes {
		name, median, _ := strings.Cut(class, "=")
		d, err := time.ParseDuration(median)
		if err != nil {
			return err
		}
		medians = append(medians, d)
		h.Classes = append(h.Classes, m.class(name))
	}
	if m.ab {
		h.Command = "ab"
	}
	w, err := record.Create(path, h)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(m.seed, 1))
	now := time.Duration(0)
	for block := range m.samples {
		for i, class := range h.Classes {
			latency := time.Duration(float64(medians[i]) * math.Exp(m.sigma*rng.NormFloat64()))
			err = errors.Join(err, w.Sample(m.sample(class, block, now, latency)))
			now += latency + time.Second
		}
	}
	return errors.Join(err, w.End(now, m.end, nil))
}

func (m *runMaker) class(name string) record.Class {
	if m.ab {
		return record.Class{Name: "runc", Variant: name, Image: "x", ImageDigest: m.digest}
	}
	return record.Class{Name: name, Image: "x", ImageDigest: m.digest}
}

func (m *runMaker) sample(class record.Class, block int, sent, latency time.Duration) record.Sample {
	s := record.Sample{RuntimeClass: class.Name, Variant: class.Variant, Services: 1, Block: block, Service: class.Name, Namespace: "n",
		Intended: sent, Sent: sent, ClientTimeout: 100 * time.Second, Outcome: record.OK, Status: 200,
		Cold: record.Proven, ColdReason: "made", ResponseLatency: latency, Done: sent + latency}
	if block < m.warm {
		s.Cold = record.Warm
	}
	return s
}
