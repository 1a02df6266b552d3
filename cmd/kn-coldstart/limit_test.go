package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// A search judges its rounds by the run file that is being written.
func TestWhyARoundFailed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	writer, err := record.Create(path, record.Header{RunID: "r", Shape: record.Shape{Rounds: true}, Classes: []record.Class{{Name: "runc"}, {Name: "crun"}}})
	if err != nil {
		t.Fatal(err)
	}
	round := func(class string, services, answered int) experiment.Round {
		key := record.Key{RuntimeClass: class, Services: services}
		for i := range answered {
			s := record.Sample{RuntimeClass: class, Services: services, Block: 1, Service: "s", Outcome: record.OK, Cold: record.Proven,
				Sent: time.Second, Done: 2 * time.Second, ResponseLatency: time.Second, ClientTimeout: time.Second}
			if i%10 == 9 {
				s.Outcome = record.Timeout
			}
			if err := writer.Sample(s); err != nil {
				t.Fatal(err)
			}
		}
		return experiment.Round{RoundPlan: experiment.RoundPlan{Key: key, Block: 1}}
	}
	flags := &limitFlags{untilFailure: true}
	if err := flags.validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		round experiment.Round
		want  []string
	}{
		{round("runc", 9, 9), nil},
		{round("runc", 20, 20), []string{"18 of 20 answered (90 %), which is answered<98%", "requests: 2 client timeout"}},
		{round("crun", 7, 0), []string{"none of 7 was at zero to be sent a request"}},
	} {
		got, err := flags.failed(path, c.round)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", c.round.Key, err, diff)
		}
	}
}

func TestStopIsOfAClassUnderTest(t *testing.T) {
	f := &limitFlags{untilFailure: true, stop: []string{"gvisor: p(95)>60s"}}
	if err := f.validate(); err != nil {
		t.Fatal(err)
	}
	if err := f.areOf([]string{"runc", "gvisor"}); err != nil {
		t.Error(err)
	}
	if err := f.areOf([]string{"runc"}); err == nil || !strings.Contains(err.Error(), "class gvisor is not under test") {
		t.Errorf("got error %v", err)
	}
}
