package deploy

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	clienttesting "k8s.io/client-go/testing"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	"knative.dev/pkg/apis"
	duckv1 "knative.dev/pkg/apis/duck/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

const host = "h-1.bench.example.com"

// conditions are those of an object that is Ready, or not yet, since a whole second.
func conditions(ready bool, since time.Time) duckv1.Status {
	c := apis.Condition{Type: apis.ConditionReady, Status: "Unknown", Reason: "Deploying", Message: "not yet"}
	if ready {
		c = apis.Condition{Type: apis.ConditionReady, Status: "True", LastTransitionTime: apis.VolatileTime{Inner: metav1.NewTime(since)}}
	}
	return duckv1.Status{Conditions: duckv1.Conditions{c}}
}

// knative plays what Knative does to the one service.
type knative struct {
	*testing.T
	*ksvctest.Fakes
	since time.Time
}

func (k *knative) do(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

// make makes the parts of the service, none of them Ready.
func (k *knative) make() {
	ctx, o, s := k.Context(), metav1.CreateOptions{}, k.Serving.ServingV1()
	_, err := s.Configurations(ksvctest.Space).Create(ctx, &servingv1.Configuration{ObjectMeta: ksvctest.Meta(ksvctest.Service)}, o)
	k.do(err)
	_, err = s.Revisions(ksvctest.Space).Create(ctx, &servingv1.Revision{ObjectMeta: ksvctest.Meta(ksvctest.Revision)}, o)
	k.do(err)
	_, err = s.Routes(ksvctest.Space).Create(ctx, &servingv1.Route{ObjectMeta: ksvctest.Meta(ksvctest.Service)}, o)
	k.do(err)
	_, err = k.Networking.NetworkingV1alpha1().Ingresses(ksvctest.Space).Create(ctx, &v1alpha1.Ingress{ObjectMeta: ksvctest.Meta(ksvctest.Service)}, o)
	k.do(err)
}

// ready makes the parts that are named Ready, in turn. The service itself has its host from
// the first time on.
func (k *knative) ready(parts ...record.DeployStepName) {
	ctx, o, s := k.Context(), metav1.UpdateOptions{}, k.Serving.ServingV1()
	for _, name := range parts {
		var err error
		status := conditions(true, k.since)
		switch name {
		case record.StepConfigurationReady:
			c := &servingv1.Configuration{ObjectMeta: ksvctest.Meta(ksvctest.Service)}
			c.Status.Status = status
			_, err = s.Configurations(ksvctest.Space).Update(ctx, c, o)
		case record.StepRevisionReady:
			r := &servingv1.Revision{ObjectMeta: ksvctest.Meta(ksvctest.Revision)}
			r.Status.Status = status
			_, err = s.Revisions(ksvctest.Space).Update(ctx, r, o)
		case record.StepRouteReady:
			r := &servingv1.Route{ObjectMeta: ksvctest.Meta(ksvctest.Service)}
			r.Status.Status = status
			_, err = s.Routes(ksvctest.Space).Update(ctx, r, o)
		case record.StepIngressReady:
			i := &v1alpha1.Ingress{ObjectMeta: ksvctest.Meta(ksvctest.Service)}
			i.Status.Status = status
			_, err = k.Networking.NetworkingV1alpha1().Ingresses(ksvctest.Space).Update(ctx, i, o)
		case record.StepReady:
			k.service(true)
		}
		k.do(err)
		time.Sleep(2 * time.Millisecond)
	}
}

func (k *knative) service(ready bool) {
	v := &servingv1.Service{ObjectMeta: ksvctest.Meta(ksvctest.Service)}
	v.Status.Status = conditions(ready, k.since)
	v.Status.URL = &apis.URL{Scheme: "http", Host: host}
	_, err := k.Serving.ServingV1().Services(ksvctest.Space).Update(k.Context(), v, metav1.UpdateOptions{})
	k.do(err)
}

// unmake removes what is made, the service itself excepted.
func (k *knative) unmake() {
	ctx, o, s := context.WithoutCancel(k.Context()), metav1.DeleteOptions{}, k.Serving.ServingV1()
	k.do(s.Configurations(ksvctest.Space).Delete(ctx, ksvctest.Service, o))
	k.do(s.Revisions(ksvctest.Space).Delete(ctx, ksvctest.Revision, o))
	k.do(s.Routes(ksvctest.Space).Delete(ctx, ksvctest.Service, o))
	k.do(k.Networking.NetworkingV1alpha1().Ingresses(ksvctest.Space).Delete(ctx, ksvctest.Service, o))
}

// follow begins with an API server that has nothing, and an ingress.
func follow(t *testing.T, serve http.HandlerFunc) (*knative, *Follower) {
	t.Helper()
	front := httptest.NewServer(serve)
	t.Cleanup(front.Close)
	k := &knative{t, ksvctest.NewFakes(), time.Now().Truncate(time.Second)}
	f, err := Follow(t.Context(), k.Client, Options{Run: ksvctest.Run, Clock: record.NewClock(), Address: front.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	return k, f
}

func (k *knative) create(f *Follower) {
	k.Helper()
	spec := templates.Service{Name: ksvctest.Service, Image: "x", StableWindow: 6 * time.Second, Timeout: time.Second}
	f.Trace().CreateSent(ksvctest.Service) // no request goes out to a fake
	k.do(k.CreateAll(ksvc.WithTrace(k.Context(), f.Trace()), ksvctest.Run, []templates.Service{spec}, nil))
	k.make()
	k.service(false)
}

// wantSteps checks that all steps are there, each no earlier than those before it.
func wantSteps(t *testing.T, d record.Deployment, want []record.DeployStepName) {
	t.Helper()
	if len(d.Steps) != len(want) || d.Failure != "" || d.Service != ksvctest.Service || d.Namespace != ksvctest.Space || d.Attempts != 1 {
		t.Fatalf("%+v, want %v", d, want)
	}
	for i, s := range d.Steps {
		if s.Name != want[i] || i > 0 && s.At < d.Steps[i-1].At || s.Resolution <= 0 {
			t.Errorf("step %d is %+v after %+v, want %s", i, s, d.Steps[max(i-1, 0)], want[i])
		}
	}
}

func TestOneServiceComesAndGoes(t *testing.T) {
	var open atomic.Int64 // when the ingress knew the host
	var refused atomic.Int64
	clock := time.Now()
	k, f := follow(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host != host || r.Header.Get("K-Network-Probe") != ksvc.Activator:
			t.Errorf("a request for %s with %v", r.Host, r.Header)
		case open.Load() == 0:
			refused.Add(1)
			http.NotFound(w, r)
		default:
			_, _ = w.Write([]byte(ksvc.Activator))
		}
	})
	k.create(f)
	k.ready(record.StepConfigurationReady, record.StepRevisionReady, record.StepIngressReady, record.StepRouteReady, record.StepReady)
	for refused.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	open.Store(int64(time.Since(clock)))
	d := f.AwaitDeployed(t.Context(), ksvctest.Service)
	wantSteps(t, d, record.DeploySteps)
	routable := d.Steps[len(d.Steps)-1]
	opened := time.Duration(open.Load()) - f.options.Clock.Start().Sub(clock)
	if routable.At < opened || routable.At-routable.Resolution > opened {
		t.Errorf("routable at %v within %v, and the ingress knew the host at %v", routable.At, routable.Resolution, opened)
	}
	if len(d.ServerSteps) != 5 || d.ServerSteps[0].Clock != record.ClockAPI || d.ServerSteps[0].At != f.options.Clock.At(k.since) {
		t.Errorf("by the API server: %+v", d.ServerSteps)
	}

	f.Trace().DeleteSent(ksvctest.Service)
	if _, err := k.Delete(ksvc.WithTrace(t.Context(), f.Trace()), ksvc.DeleteOptions{Runs: []string{ksvctest.Run}}); err != nil {
		t.Fatal(err)
	}
	early, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if d := f.AwaitRemoved(early, ksvctest.Service); !strings.HasPrefix(d.Failure, "not reached: gone; ") || !strings.HasSuffix(d.Failure, " is there") {
		t.Errorf("its parts are there, and it is %+v", d)
	}
	k.unmake()
	wantSteps(t, f.AwaitRemoved(t.Context(), ksvctest.Service), record.RemovalSteps)
}

// What keeps a service from getting ready, and a way that cannot be probed, are told.
func TestWhatIsMissingIsTold(t *testing.T) {
	all := []record.DeployStepName{record.StepConfigurationReady, record.StepRevisionReady, record.StepIngressReady, record.StepRouteReady, record.StepReady}
	for name, c := range map[string]struct {
		ready            []record.DeployStepName
		status           int
		failure, unknown string
	}{
		"never Ready":              {all[:1], http.StatusNotFound, "not reached: revisionReady, ingressReady, routeReady, ready, routable; Ready is Unknown: Deploying: not yet", ""},
		"never let through":        {all, http.StatusNotFound, "not reached: routable; the ingress: answered 404 Not Found", ""},
		"past the activator":       {all, http.StatusOK, "", "not the activator answered the probe: answered 200 OK"},
		"perhaps let through soon": {all[:4], http.StatusOK, "not reached: ready, routable; Ready is Unknown: Deploying: not yet", ""},
	} {
		t.Run(name, func(t *testing.T) {
			k, f := follow(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) })
			k.create(f)
			k.ready(c.ready...)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if d := f.AwaitDeployed(ctx, ksvctest.Service); d.Failure != c.failure || d.RouteUnknown != c.unknown || len(d.Steps) != 2+len(c.ready) {
				t.Errorf("%+v", d)
			}
		})
	}
}

// A service that somebody else deleted says nothing of how long a removal takes, and nobody
// waits for it.
func TestSomebodyElseDeletesAService(t *testing.T) {
	k, f := follow(t, http.NotFound)
	k.create(f)
	f.Trace().Deleted(ksvctest.Service, time.Millisecond)
	f.Trace().Gone(ksvctest.Service, time.Millisecond)
	d := f.AwaitRemoved(t.Context(), ksvctest.Service)
	if d.Failure != "somebody else deleted it" || len(d.Steps) != 0 {
		t.Errorf("%+v", d)
	}
}

// Where the ingress is found only once a service has one, the way is probed from then on.
func TestTheIngressIsFoundLater(t *testing.T) {
	for name, cause := range map[string]error{"found": nil, "not found": errors.New("nowhere")} {
		t.Run(name, func(t *testing.T) {
			k, f := follow(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(ksvc.Activator)) })
			address, asked := f.options.Address, 0
			f.options.Address, f.options.Find = "", func(_ context.Context, service string) (string, error) {
				asked++
				return address, cause
			}
			k.create(f)
			k.ready(record.StepConfigurationReady, record.StepRevisionReady, record.StepIngressReady, record.StepRouteReady, record.StepReady)
			d := f.AwaitDeployed(t.Context(), ksvctest.Service)
			if _, routable := d.Step(record.StepRoutable); routable != (cause == nil) || d.Failure != "" || asked != 1 || (d.RouteUnknown == "") != (cause == nil) {
				t.Errorf("asked %d times: %+v", asked, d)
			}
		})
	}
}

// While a watch is down things happen that are known only to have happened meanwhile.
func TestAGapIsPartOfTheResolution(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &knative{t, ksvctest.NewFakes(), time.Now()}
		broken := watch.NewFake()
		first := true
		k.Serving.PrependWatchReactor("configurations", func(clienttesting.Action) (bool, watch.Interface, error) {
			defer func() { first = false }()
			return first, broken, nil
		})
		f, err := Follow(t.Context(), k.Client, Options{Run: ksvctest.Run, Clock: record.NewClock(), Address: "127.0.0.1:1"})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Stop()
		time.Sleep(time.Second)
		c := &servingv1.Configuration{ObjectMeta: ksvctest.Meta(ksvctest.Service)}
		c.Status.Status = conditions(true, k.since)
		_, err = k.Serving.ServingV1().Configurations(ksvctest.Space).Create(t.Context(), c, metav1.CreateOptions{})
		k.do(err)
		time.Sleep(time.Second)
		broken.Stop()
		time.Sleep(time.Second)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		d := f.AwaitDeployed(ended, ksvctest.Service)
		if len(d.Steps) != 1 || d.Steps[0].At < 2*time.Second || d.Steps[0].Resolution < 2*time.Second-50*time.Millisecond {
			t.Errorf("%+v, want Ready within the gap of two seconds", d.Steps)
		}
	})
}
