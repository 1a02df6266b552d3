package ksvc_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// firstContacts are the calls that a command may begin with.
var firstContacts = map[string]struct {
	call func(context.Context, *ksvc.Client) error
	said string
}{
	"delete": {func(ctx context.Context, c *ksvc.Client) error {
		_, err := c.Delete(ctx, ksvc.DeleteOptions{AllNamespaces: true})
		return err
	}, "delete services in all namespaces: "},
	"restore": {func(ctx context.Context, c *ksvc.Client) error {
		_, err := c.RestoreTracing(ctx, ksvctest.Run)
		return err
	}, "restore ConfigMap knative-serving/config-observability: "},
	"create": {func(ctx context.Context, c *ksvc.Client) error {
		return c.CreateAll(ctx, ksvctest.Run, []templates.Service{testSpec("h-1")}, nil)
	}, "create services in namespace bench: "},
	"look": {func(ctx context.Context, c *ksvc.Client) error {
		_, err := c.Left(ctx, true)
		return err
	}, "look for what runs have left: "},
	"reach": {func(ctx context.Context, c *ksvc.Client) error { return c.Reach(ctx) }, ""},
}

// An API server that takes packets and never answers is given up within seconds, by
// name and with a hint.
func TestFirstContactWithASilentServer(t *testing.T) {
	for name, first := range firstContacts {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := first.call(t.Context(), ksvctest.Silent(t))
				if want := first.said + "API server https://silent did not answer within 8s"; err == nil || err.Error() != want {
					t.Errorf("got %v, want %s", err, want)
				}
				if !strings.Contains(ksvc.Hint(err), "--kubeconfig") {
					t.Errorf("hint %q", ksvc.Hint(err))
				}
				if waited := time.Since(began); waited != ksvc.ContactLimit {
					t.Errorf("it took %v, want %v", waited, ksvc.ContactLimit)
				}
			})
		})
	}
}

func TestFirstContactWithAServerThatIsNotThere(t *testing.T) {
	for name, first := range firstContacts {
		t.Run(name, func(t *testing.T) {
			c, err := ksvc.Connect(ksvc.Kubeconfig{Path: ksvctest.Kubeconfig(t, "https://127.0.0.1:1"), Namespace: "bench"})
			if err != nil {
				t.Fatal(err)
			}
			err = first.call(t.Context(), c)
			unreachable := (*ksvc.UnreachableError)(nil)
			if !errors.As(err, &unreachable) || unreachable.Server != "https://127.0.0.1:1" || !strings.Contains(err.Error(), "connection refused") {
				t.Errorf("got %v, want that https://127.0.0.1:1 cannot be reached", err)
			}
		})
	}
}

func TestFirstContactEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := ksvctest.Silent(t).Reach(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.As(err, new(*ksvc.UnreachableError)) {
			t.Errorf("Reach = %v, want that its context ended", err)
		}
	})
}

// A server that has answered once may be slow, or restart.
func TestAServerThatAnsweredIsReached(t *testing.T) {
	answers := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers++
		http.Error(w, "who are you", http.StatusForbidden)
	}))
	c, err := ksvc.NewClient(&rest.Config{Host: server.URL}, "bench")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Reach(t.Context()); err != nil {
			t.Errorf("Reach = %v, want nil: it did answer", err)
		}
	}
	if answers != 1 || c.Requests() != 1 {
		t.Errorf("%d answers, %d requests, want one", answers, c.Requests())
	}
	server.Close()
	if _, err := c.Config(t.Context(), "config-network"); errors.As(err, new(*ksvc.UnreachableError)) || err == nil {
		t.Errorf("Config = %v, want an error of a server that went away", err)
	}
}
