package experiment

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

func TestRequestsThatMakeNoSense(t *testing.T) {
	classes := []record.Class{{Name: "runc", Image: "i"}}
	for _, test := range []struct {
		name    string
		request Request
		says    string
	}{
		{"plain", Request{}, ""},
		{"https", Request{Scheme: "https", Insecure: true}, ""},
		{"the health check", Request{Protocol: "grpc", Message: loadgen.Message{Path: loadgen.GRPCHealth}}, ""},
		{"protocol", Request{Protocol: "spdy"}, `protocol is "spdy": there is http1, http2, grpc`},
		{"scheme", Request{Scheme: "ftp"}, "there is http and https"},
		{"insecure http", Request{Insecure: true}, "are for https"},
		{"authority", Request{Scheme: "https", CA: []byte("x")}, "no certificate in PEM"},
		{"path", Request{Message: loadgen.Message{Path: "work"}}, "does not begin with a slash"},
		{"method", Request{Message: loadgen.Message{Method: "G T"}}, "the request makes no sense"},
		{"grpc without a path", Request{Protocol: "grpc"}, "needs --path"},
		{"stream", Request{Stream: true}, "needs --protocol grpc"},
		{"another class", Request{Classes: map[string]loadgen.Message{"gvisor": {}}}, `RuntimeClass "gvisor", which is not measured`},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.request.validate(classes)
			if test.says == "" && err == nil {
				return
			}
			if err == nil || test.says == "" || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

func TestSecretsAreNotRecorded(t *testing.T) {
	r := Request{Message: loadgen.Message{
		Path:   "/run?n=1&api_token=hush&x",
		Header: http.Header{"Authorization": {"Bearer hush"}, "X-Api-Key": {"hush"}, "Accept": {"text/plain"}}, Body: []byte("hush"),
	}}
	got := r.recorded()
	if got.Header["Authorization"] != "(hidden)" || got.Header["X-Api-Key"] != "(hidden)" || got.Header["Accept"] != "text/plain" {
		t.Errorf("recorded %v", got.Header)
	}
	if got.Path != "/run?n=1&api_token=(hidden)&x" {
		t.Errorf("recorded %s", got.Path)
	}
	if got.BodyBytes != 4 || len(got.BodySHA256) != 64 {
		t.Errorf("recorded a body of %d bytes, hash %q", got.BodyBytes, got.BodySHA256)
	}
}

func TestThePlainRequestIsNoSetting(t *testing.T) {
	spelt := Request{Protocol: "http1", Scheme: "http", Message: loadgen.Message{Method: "GET", Path: "/"}, Classes: map[string]loadgen.Message{}}
	for _, r := range []Request{{}, spelt} {
		if got := r.recorded(); got != nil {
			t.Errorf("recorded %+v", got)
		}
	}
	if got := (&Request{Message: loadgen.Message{Path: "/other"}}).recorded(); got == nil {
		t.Error("a path was not recorded")
	}
}

func TestAClassHasARequestOfItsOwn(t *testing.T) {
	r := Request{Message: loadgen.Message{Path: "/all"}, Classes: map[string]loadgen.Message{"wasmedge": {Path: "/own"}}}
	c := r.spec(time.Second, []record.Class{{Name: "runc"}, {Name: "wasmedge", Variant: "b"}}).Client(record.NewClock())
	if len(c.Messages) != 1 || c.Messages[record.Key{RuntimeClass: "wasmedge", Variant: "b"}].Path != "/own" || c.Message.Path != "/all" {
		t.Errorf("messages %v, and %v", c.Message, c.Messages)
	}
}

// A run whose certificates nobody verified says so in its file.
func TestUnverifiedRun(t *testing.T) {
	for _, insecure := range []bool{true, false} {
		m, setup := newMadeUp(t), setupOf(t)
		setup.Request = Request{Scheme: record.HTTPS, Insecure: insecure}
		result, _ := Run(t.Context(), m, &Single{Setup: setup, Iterations: 1, ServicesPerClass: 1}, nil) // no TLS there
		said := slices.ContainsFunc(runFile(t, result.RunFile).Events, func(e record.Event) bool { return e.Kind == record.EventUnverified })
		if said != insecure {
			t.Errorf("insecure %v: event %v", insecure, said)
		}
	}
}
