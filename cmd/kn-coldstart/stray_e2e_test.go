//go:build e2e

package main

import (
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/cluster"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// stray is a client that has nothing to do with a run and requests its services.
type stray struct {
	running sync.WaitGroup
}

// request sends one request and returns when it was answered, with the status, which is
// 0 if it was not.
func (s *stray) request(address, host string) int {
	request, err := http.NewRequest(http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return 0
	}
	request.Host = host
	answer, err := (&http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // it does not matter here
	return answer.StatusCode
}

// leads are how long before a request of the run the stray one is sent, block by block.
// The time from a request to the scale-up that the watch sees is far shorter than the
// last two, so those must be noticed.
var leads = []time.Duration{0, 20 * time.Millisecond, 2 * time.Second, 5 * time.Second}

// surelySeen is the shortest lead that a busy machine cannot hide.
const surelySeen = 2 * time.Second

// TestStrayRequest has another client wake each service shortly before the run's request,
// of a function that does not say how many requests it has served. Where the watch has
// seen that the service was woken, the sample is not proven.
//
// What it cannot see is a stray request that is sent less before ours than the watch is
// late with the scale-up; see record.Proof. The first leads are there to show how long
// that is: such a sample may be proven, and then its latency is too short by no more
// than the lead, which is shorter than the time from the stray request to the phase
// "scaled".
func TestStrayRequest(t *testing.T) {
	t.Parallel()
	c, err := cluster.Connect(ksvc.Kubeconfig{Path: filepath.Join(nodeStateDir, "kubeconfig")})
	if err != nil {
		t.Fatal(err)
	}
	var other stray
	var woken []time.Time      // when each was woken, in the order of the trials
	var discarded atomic.Int32 // samples: these starts are left alone
	result, err := experiment.Run(t.Context(), c, &experiment.Single{
		Setup: experiment.Setup{
			Classes: []record.Class{{Name: "runc", Image: "dev.local/helloworld:local"}},
			Service: experiment.Service{StableWindow: 6 * time.Second, ClientTimeout: 20 * time.Second},
			RunFile: filepath.Join(t.TempDir(), "run.jsonl"),
		},
		Iterations: len(leads), ServicesPerClass: len(leads),
	}, experiment.ObserverFunc(func(n experiment.Notice) {
		switch n := n.(type) {
		case experiment.SampleTaken:
			if n.Sample.Discarded {
				discarded.Add(1)
			}
		case experiment.TrialBegun:
			if int(discarded.Load()) < len(leads) {
				return
			}
			woken = append(woken, time.Now())
			other.running.Go(func() { other.request(n.Target.Address, n.Target.Host) })
			time.Sleep(leads[len(woken)-1])
		}
	}))
	other.running.Wait()
	t.Logf("the run ended with %v", err)
	run, err := record.ReadFile(result.RunFile)
	if err != nil {
		t.Fatal(err)
	}
	wantCompleted(t, run, 2*len(leads))
	clock := run.Header.Started
	for _, s := range run.Samples {
		if s.Discarded {
			wantProvenBy(t, s, record.ProofExclusion)
			continue
		}
		lead := leads[s.Block-1]
		t.Logf("lead %v: %s by %q: %s", lead, s.Cold, s.Proof, s.ColdReason)
		if s.Outcome != record.OK {
			t.Errorf("lead %v: %s %s", lead, s.Outcome, s.Error)
		}
		if s.Cold != record.Proven {
			if s.Proof == record.ProofExclusion {
				t.Errorf("lead %v: %s by exclusion (%s)", lead, s.Cold, s.ColdReason)
			}
			continue
		}
		if lead >= surelySeen {
			t.Errorf("lead %v: proven although the service was woken before: %s", lead, s.ColdReason)
		}
		i := slices.IndexFunc(s.Phases, func(p record.Phase) bool { return p.Name == record.PhaseScaled })
		if i < 0 {
			t.Errorf("lead %v: proven, but nothing tells when it was scaled", lead)
			continue
		}
		late := s.Phases[i].At - woken[s.Block-1].Sub(clock)
		t.Logf("lead %v: the watch saw the scale-up %v after the stray request", lead, late)
		if late <= lead {
			t.Errorf("lead %v: proven, although the watch saw the scale-up %v after the stray request", lead, late)
		}
	}
	wantRemoved(t, run)
}

// TestKeptAwake has another client request a service again and again from its creation
// on. The service never comes back to zero, so the run waits and says for what, and no
// sample is measured.
func TestKeptAwake(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "run.jsonl")
	f := faultyRun{start(t, "single", "--run-file", file, "--traces=false", "--runtime-class", "runc", "--image", "dev.local/helloworld:local",
		"--iterations", "1", "--client-timeout", "20s"), file}
	host := hostOf(t, file)
	stop, answered := make(chan struct{}), 0
	var other stray
	other.running.Go(func() {
		for {
			if other.request(nodeIngress, host) == http.StatusOK {
				answered++
			}
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	awaitSamples(t, file, 1)
	time.Sleep(20 * time.Second)
	if err := f.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r, run := f.result(t)
	close(stop)
	other.running.Wait()
	t.Logf("%d stray requests were answered\n%s", answered, r)
	if answered < 20 {
		t.Errorf("only %d stray requests were answered", answered)
	}
	for _, s := range run.Samples {
		if !s.Discarded {
			t.Errorf("a sample was measured: %+v", s)
		}
	}
	if r.code != exitInterrupted || !strings.Contains(r.stderr, "waiting until service "+run.Samples[0].Namespace+"/"+run.Samples[0].Service+" is at zero, for 5m6s at most") {
		t.Errorf("exit code %d, or nothing says what was waited for", r.code)
	}
	wantRemoved(t, run)
}

// hostOf awaits the host of the only service of a run.
func hostOf(t *testing.T, file string) string {
	t.Helper()
	host := ""
	await(t, file, "the host of its service", func(run *record.Run) bool {
		services, err := client(t).Serving.ServingV1().Services("").List(t.Context(), metav1.ListOptions{LabelSelector: ksvc.Selector(run.Header.RunID)})
		if err == nil && len(services.Items) > 0 && services.Items[0].Status.URL != nil {
			host = services.Items[0].Status.URL.Host
		}
		return host != ""
	})
	return host
}

// nodeIngress is where the embedded node's ingress listens.
const nodeIngress = "198.18.0.2:80"
