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
	running  sync.WaitGroup
	answered atomic.Int32
}

// request sends one request, and counts it if its answer is 200.
func (s *stray) request(address, host string) {
	request, err := http.NewRequest(http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return
	}
	request.Host = host
	answer, err := (&http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // it does not matter here
	if answer.StatusCode == http.StatusOK {
		s.answered.Add(1)
	}
}

// lead is how far ahead of a request of the run a stray one is sent.
type lead struct {
	name  string
	ahead time.Duration
	// seen is what the run's watch has seen by then of the instance that was woken, if
	// anything.
	seen record.Kind
}

// leads are those of the blocks, in their order.
var leads = []lead{
	{name: "at once"},
	{name: "20 ms", ahead: 20 * time.Millisecond},
	{name: "until there is a pod", seen: record.EventInstanceCreated},
	{name: "until a pod is Ready", seen: record.EventInstanceReady},
}

// await returns when the run's request may be sent to a service that was woken.
func (l lead) await(t *testing.T, file, service string, woken time.Time) {
	time.Sleep(l.ahead)
	if l.seen == "" {
		return
	}
	await(t, file, "the run to see "+string(l.seen), func(run *record.Run) bool {
		return slices.ContainsFunc(events(run, l.seen), func(e record.Event) bool {
			return e.Service == service && e.At > woken.Sub(run.Header.Started)
		})
	})
}

// TestStrayRequest has another client wake each service shortly before the run's request,
// of a function that does not say how many requests it has served. Where the watch has
// seen that the service was woken, the sample is not proven.
//
// What it cannot see is a stray request that is sent less before ours than the watch is
// late with the scale-up; see record.Proof. The first leads are there to show how long
// that is: such a sample may be proven, but then the phase "scaled" comes after it was
// sent, and its latency is too short by no more than the lead.
func TestStrayRequest(t *testing.T) {
	t.Parallel()
	c, err := cluster.Connect(ksvc.Kubeconfig{Path: filepath.Join(nodeStateDir, "kubeconfig")})
	if err != nil {
		t.Fatal(err)
	}
	var other stray
	file := filepath.Join(t.TempDir(), "run.jsonl")
	var woken []time.Time      // when each was woken, in the order of the trials
	var discarded atomic.Int32 // samples: these starts are left alone
	result, err := experiment.Run(t.Context(), c, &experiment.Single{
		Setup: experiment.Setup{
			Classes: []record.Class{{Name: "runc", Image: "dev.local/helloworld:local"}},
			Service: experiment.Service{StableWindow: 6 * time.Second, ClientTimeout: time.Minute},
			RunFile: file,
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
			leads[len(woken)-1].await(t, file, n.Target.Service, woken[len(woken)-1])
		}
	}))
	other.running.Wait()
	t.Logf("the run ended with %v", err)
	run, err := record.ReadFile(result.RunFile)
	if err != nil {
		t.Fatal(err)
	}
	wantAllTaken(t, run, 2*len(leads))
	if n := int(other.answered.Load()); n != len(leads) || len(woken) != len(leads) {
		t.Fatalf("%d stray requests were sent and %d answered, want %d", len(woken), n, len(leads))
	}
	for _, s := range run.Samples {
		if s.Discarded {
			wantProvenBy(t, s, record.ProofExclusion)
			continue
		}
		l, ahead := leads[s.Block-1], s.Sent-woken[s.Block-1].Sub(run.Header.Started)
		t.Logf("woken %v (%s) before: %s by %q: %s", ahead, l.name, s.Cold, s.Proof, s.ColdReason)
		if s.Outcome != record.OK {
			t.Errorf("%s: %s %s", l.name, s.Outcome, s.Error)
		}
		if s.Cold != record.Proven {
			if s.Proof != "" || s.ColdReason == "" {
				t.Errorf("%s: %s, but proven by %q, because %q", l.name, s.Cold, s.Proof, s.ColdReason)
			}
			continue
		}
		scaled := slices.IndexFunc(s.Phases, func(p record.Phase) bool { return p.Name == record.PhaseScaled })
		if l.seen != "" || scaled < 0 || s.Phases[scaled].At <= s.Sent {
			t.Errorf("%s: proven although another request had woken the service, phases %+v", l.name, s.Phases)
			continue
		}
		t.Logf("the watch saw the scale-up %v after the stray request", ahead+s.Phases[scaled].At-s.Sent)
	}
	wantRemoved(t, run)
}

// TestKeptAwake has another client request a service again and again from its first,
// discarded start on. The service never comes back to zero, so the run waits and says for
// what, and no sample is measured.
func TestKeptAwake(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "run.jsonl")
	f := faultyRun{start(t, "single", "--run-file", file, "--runtime-class", "runc", "--image", "dev.local/helloworld:local",
		"--iterations", "1", "--client-timeout", patient), file}
	awaitSamples(t, file, 1)
	host := hostOf(t, file)
	stop := make(chan struct{})
	var other stray
	other.running.Go(func() {
		for {
			other.request(nodeIngress, host)
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	time.Sleep(20 * time.Second)
	if err := f.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r, run := f.result(t)
	close(stop)
	other.running.Wait()
	answered := other.answered.Load()
	t.Logf("%d stray requests were answered\n%s", answered, r)
	if answered < 20 {
		t.Errorf("only %d stray requests were answered", answered)
	}
	for _, s := range run.Samples {
		if !s.Discarded {
			t.Errorf("a sample was measured: %+v", s)
		}
	}
	if r.code != exitInterrupted || !strings.Contains(r.stderr, "waiting until all services are at zero again, for 5m6s at most") {
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
