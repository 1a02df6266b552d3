//go:build e2e

package main

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// wrongAnswer is what the requests of a class get in place of the right answer.
type wrongAnswer struct {
	outcome record.Outcome
	status  int
	says    string
}

// TestWrongAnswers shows each answer that is not the right one as a failure with a
// clear line. Such a start is a cold start all the same. A request that never reached the
// service set nothing going: whether the watches were up shows only if something else
// happens just then.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	namespace := pageNamespace(t)
	for _, c := range []struct {
		name string
		args []string
		want map[string]wrongAnswer // by class
	}{
		{"body", []string{"--runtime-class", "runc", "--image", "dev.local/helloworld:local", "--expect-body", "^hello$"}, map[string]wrongAnswer{
			"runc": {record.Body, 200, `body (the body does not match "^hello$": Hello World! How about some tasty noodles?)`},
		}},
		{"redirect and 404", []string{"--runtime-class", "runc,crun", "-f", pageFile, "-n", namespace, "--for", "runc:path=/moved", "--for", "crun:path=/nothing"}, map[string]wrongAnswer{
			"runc": {record.HTTP, 302, "http (status 302 redirects to http://"},
			"crun": {record.HTTP, 404, "http (status 404: <html> <head><title>404 Not Found</title>"},
		}},
		{"certificate of another authority", []string{"--runtime-class", "runc", "--image", "dev.local/helloworld:local", "--scheme", "https", "--ca-file", otherAuthority(t)}, map[string]wrongAnswer{
			"runc": {record.Error, 0, "certificate signed by unknown authority"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, run := single(t, append(c.args, "--iterations", "1", "--client-timeout", patient)...)
			t.Logf("\n%s", r)
			if r.code != exitFailed || !strings.Contains(errorLines(r.stderr), "no sample was an answered cold start") {
				t.Errorf("exit code %d, want %d and why", r.code, exitFailed)
			}
			wantAllTaken(t, run, 2*len(c.want))
			for _, s := range run.Samples {
				want := c.want[s.RuntimeClass]
				unseen := want.status == 0 && s.Cold == record.Unknown && strings.Contains(s.ColdReason, "was silent since")
				if s.Outcome != want.outcome || s.Status != want.status || s.Cold != record.Proven && !unseen {
					t.Errorf("%s: outcome %s, status %d, %s (%s)", s.Service, s.Outcome, s.Status, s.Cold, s.ColdReason)
				}
				if !strings.Contains(r.stderr, want.says) {
					t.Errorf("standard error does not say %q", want.says)
				}
			}
			wantRemoved(t, run)
		})
	}
}

// A service that always has an instance is refused before anything is created.
func TestManifestWithMinScale(t *testing.T) {
	text, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "warm.yaml")
	warm := strings.Replace(string(text), `autoscaling.knative.dev/target: "50"`, `autoscaling.knative.dev/min-scale: "1"`, 1)
	if err := os.WriteFile(file, []byte(warm), 0o600); err != nil {
		t.Fatal(err)
	}
	r := kn(t, "single", "-f", file)
	if r.code != exitUsage || !strings.Contains(r.stderr, `warm.yaml:17: autoscaling.knative.dev/min-scale is "1": a service that always has an instance has no cold start`) {
		t.Errorf("exit code %d\n%s", r.code, r)
	}
}

// TestHTTPS measures over TLS with the certificate of the node's ingress. The handshake
// is a part of connecting.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	r, run := single(t, "--runtime-class", "runc", "--image", "dev.local/helloworld:local", "--iterations", "1", "--client-timeout", patient,
		"--scheme", "https", "--ca-file", pki("ca.crt"))
	t.Logf("\n%s", r)
	if r.code != exitOK {
		t.Errorf("exit code %d", r.code)
	}
	wantAllTaken(t, run, 2)
	for _, s := range run.Samples {
		wantProvenBy(t, s, record.ProofExclusion)
		if s.TLSHandshake <= 0 || s.TLSHandshake > s.Connected-s.Sent {
			t.Errorf("%s: the handshake took %v of the %v of connecting", s.Service, s.TLSHandshake, s.Connected-s.Sent)
		}
	}
	wantRemoved(t, run)
}

// pki is a file of the node's authorities.
func pki(name string) string { return filepath.Join(nodeStateDir, "pki", name) }

// otherAuthority is a file with a certificate that has not signed the ingress's.
func otherAuthority(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	file := filepath.Join(t.TempDir(), "other.crt")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
