package ksvc_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Errors that have nothing to do with what is deleted keep nothing from going, however
// often they come.
func TestDeleteOutlastsPassingErrors(t *testing.T) {
	dialing := func(err error) error {
		return &url.Error{Op: "Delete", URL: "https://api", Err: &net.OpError{Op: "dial", Err: err}}
	}
	proxy := func(code int) error {
		return apierrors.NewGenericServerResponse(code, "delete", schema.GroupResource{Resource: "services"}, "a", "", 0, true)
	}
	for name, err := range map[string]error{
		"502 of a proxy":  proxy(http.StatusBadGateway),
		"504 of a proxy":  proxy(http.StatusGatewayTimeout),
		"etcd times out":  apierrors.NewInternalError(errors.New("etcdserver: request timed out")),
		"no route":        dialing(syscall.EHOSTUNREACH),
		"no network":      dialing(syscall.ENETUNREACH),
		"DNS":             dialing(&net.DNSError{Err: "no such host", Name: "api", IsNotFound: true}),
		"TLS":             &url.Error{Op: "Delete", URL: "https://api", Err: tls.AlertError(80)},
		"the server ends": &url.Error{Op: "Delete", URL: "https://api", Err: io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := deleteFakes()
				var often []error // more than a minute's worth
				for range 30 {
					often = append(often, err)
				}
				ksvctest.Refuse(&f.Serving.Fake, "delete", "services", often...)
				ksvctest.Refuse(&f.Serving.Fake, "list", "services", err, err)
				got, err := f.Delete(t.Context(), ksvc.DeleteOptions{Runs: []string{"run-1"}, Patience: time.Hour})
				if want := (ksvc.Deleted{Services: 1, Pods: 1}); err != nil || got != want {
					t.Errorf("Delete = %+v, %v, want %+v", got, err, want)
				}
				synctest.Wait()
			})
		})
	}
}

// A creation that is under way when Ctrl-C comes is waited for. Otherwise the service
// could come into being after what there is was deleted.
func TestACreationInFlightIsWaitedFor(t *testing.T) {
	began, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodPost {
			fmt.Fprint(w, `{"major":"1","minor":"36","gitVersion":"v1.36.0"}`)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		close(began)
		<-answer
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(body) // the client may have gone, which is what is tested
	}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	config := `{apiVersion: v1, kind: Config, clusters: [{name: c, cluster: {server: "` + server.URL + `"}}],
  contexts: [{name: x, context: {cluster: c, namespace: bench}}], current-context: x}`
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := ksvc.Connect(ksvc.Kubeconfig{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	created := make(chan error, 1)
	go func() { created <- client.CreateAll(ctx, ksvctest.Run, []templates.Service{testSpec("h-1")}, nil) }()
	<-began
	interrupt()
	select {
	case err := <-created:
		close(answer)
		t.Fatalf("CreateAll = %v while the server still creates", err)
	case <-time.After(200 * time.Millisecond): // for a wrong one to return
	}
	close(answer)
	if err := <-created; !errors.Is(err, context.Canceled) {
		t.Errorf("CreateAll = %v, want that it was interrupted", err)
	}
}
