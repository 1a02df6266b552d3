package cluster

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

const (
	// observedServices take turns, so that none is waited for within a pass.
	observedServices = 16
	// observedInterval is between the beginnings of two starts, by hand and by the tool
	// alike. So the pods of earlier starts end beside later ones to the same degree.
	observedInterval = 4 * time.Second
)

// BenchmarkObserver shows what the tool's own doing adds to a cold start. Passes over
// the same services are made in pairs, in a random order within each pair:
//
//	by the tool   the watch is armed, loadgen sends, each sample is proven
//	by hand       nothing watches; net/http sends, as any client would
//
// It reports the ratio of the two medians, and its interval of 95 %. One operation is
// a pair of passes.
func BenchmarkObserver(b *testing.B) {
	c := endToEnd(b)
	o := &observer{b: b, cluster: c, clock: record.NewClock()}
	o.deploy()
	o.byHand() // the first start of each service is another one: the autoscaler has no scale for it
	var hand, tool []time.Duration
	for b.Loop() {
		if rand.IntN(2) == 0 {
			hand, tool = append(hand, o.byHand()...), append(tool, o.byTool()...)
		} else {
			tool, hand = append(tool, o.byTool()...), append(hand, o.byHand()...)
		}
		b.Logf("%d starts of each: %v by hand, %v by the tool", len(hand), median(hand), median(tool))
	}
	change := stat.ChangeOf(stat.NewSet(hand, nil), stat.NewSet(tool, nil), 0.5, 1)
	b.ReportMetric(median(hand).Seconds()*1000, "ms/byhand")
	b.ReportMetric(median(tool).Seconds()*1000, "ms/bytool")
	if change.Ratio != nil {
		b.ReportMetric(float64(change.Ratio.Value), "ratio")
		b.ReportMetric(float64(change.Ratio.Low), "ratio-low")
		b.ReportMetric(float64(change.Ratio.High), "ratio-high")
	}
}

func median(all []time.Duration) time.Duration { return stat.NewSet(all, nil).Quantile(0.5).Latency }

type observer struct {
	b       *testing.B
	cluster *Cluster
	clock   record.Clock
	targets []record.Target
}

func (o *observer) deploy() {
	o.b.Helper()
	defer o.watch()()
	var specs []templates.Service
	for i := range observedServices {
		specs = append(specs, templates.Service{
			Name: fmt.Sprintf("e2e-observed-%d", i), RuntimeClass: "runc", Image: endToEndImage(), Pod: templates.Pod{PullPolicy: "IfNotPresent"},
			StableWindow: 6 * time.Second, Timeout: time.Minute,
		})
	}
	if err := o.cluster.Create(o.b.Context(), ksvctest.Run, specs, nil); err != nil {
		o.b.Fatal(err)
	}
	for _, spec := range specs {
		o.targets = append(o.targets, reachable(o.b, o.cluster, spec.Name))
	}
}

// watch arms the watch, as for a run, until stop is called.
func (o *observer) watch() (stop func()) {
	o.b.Helper()
	if err := o.cluster.StartWatch(o.b.Context(), ksvctest.Run, o.clock, record.Patience{}, func(record.Event) {}); err != nil {
		o.b.Fatal(err)
	}
	return o.cluster.StopWatch
}

// byTool starts each service once, as a run does it.
func (o *observer) byTool() []time.Duration {
	o.b.Helper()
	o.awaitNoPods()
	defer o.watch()()
	client := &loadgen.Client{Clock: o.clock, Timeout: time.Minute}
	var latencies []time.Duration
	due := time.NewTicker(observedInterval)
	defer due.Stop()
	for _, t := range o.targets {
		if err := o.cluster.AwaitZero(o.b.Context(), t); err != nil {
			o.b.Fatal(err)
		}
		<-due.C
		s, err := client.Send(o.b.Context(), t, o.clock.Now())
		if err != nil {
			o.b.Fatal(err)
		}
		s.ClockOffset = loadgen.EstimateOffset(o.b.Context(), client, t, s, 5)
		if err := o.cluster.Prove(o.b.Context(), t, &s); err != nil {
			o.b.Fatal(err)
		}
		if s.Cold != record.Proven || s.Failed() {
			o.b.Fatalf("%s: %s, %s: %s", t.Service, s.Outcome, s.Cold, s.ColdReason)
		}
		latencies = append(latencies, s.ResponseLatency)
	}
	return latencies
}

// byHand starts each service once while nothing of the tool's runs.
func (o *observer) byHand() []time.Duration {
	o.b.Helper()
	o.awaitNoPods()
	var latencies []time.Duration
	due := time.NewTicker(observedInterval)
	defer due.Stop()
	for _, t := range o.targets {
		<-due.C
		latencies = append(latencies, o.get(t))
	}
	return latencies
}

// get is one request over a connection of its own, from before the connection to the
// end of the body.
func (o *observer) get(t record.Target) time.Duration {
	o.b.Helper()
	request, err := http.NewRequestWithContext(o.b.Context(), http.MethodGet, "http://"+t.Address+"/", nil)
	if err != nil {
		o.b.Fatal(err)
	}
	request.Host = t.Host
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	began := time.Now()
	answer, err := client.Do(request)
	if err != nil {
		o.b.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		o.b.Fatalf("%s: %s, %v", t.Service, answer.Status, err)
	}
	return time.Since(began)
}

// awaitNoPods asks now and then, without a watch, until no pod is left, and then leaves
// the cluster a moment to settle.
func (o *observer) awaitNoPods() {
	o.b.Helper()
	client := o.cluster.Client()
	for {
		pods, err := client.Kubernetes.CoreV1().Pods(client.Namespace).List(o.b.Context(), metav1.ListOptions{})
		if err != nil {
			o.b.Fatal(err)
		}
		if len(pods.Items) == 0 {
			time.Sleep(5 * time.Second)
			return
		}
		time.Sleep(2 * time.Second)
	}
}
