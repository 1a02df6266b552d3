//go:build e2e

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// function is one that knows nothing of this program, and how it is measured.
type function struct {
	name    string
	classes string
	args    []string
	// protocol is that of the requests.
	protocol string
	grpc     bool
}

// patient is a client timeout that a busy machine does not reach when many functions are
// started at a time.
const patient = "60s"

// ping is a message of grpc-ping's service: the text "cold" in field 1.
const ping = "\x0a\x04cold"

func functionsOf(t *testing.T) []function {
	message := filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(message, []byte(ping), 0o600); err != nil {
		t.Fatal(err)
	}
	hello := []string{"--expect-body", "^hello\n$"}
	return []function{
		{name: "helloworld", classes: "runc", args: []string{"--expect-body", "^Hello World!"}, protocol: "http1"},
		{name: "hellohttp2", classes: "runc", args: []string{"--protocol", "http2", "--port", "h2c:8080", "--expect-body", "^proto=HTTP/2.0 "}, protocol: "http2"},
		{name: "grpc-ping", classes: "runc", args: []string{"--protocol", "grpc", "--port", "h2c:8080", "--path", "/ping.PingService/Ping", "--body", message, "--expect-body", "cold"}, protocol: "grpc", grpc: true},
		{name: "nginx", classes: "runc", args: hello, protocol: "http1"},
		{name: "python", classes: "runc,gvisor", args: hello, protocol: "http1"},
		{name: "nodejs", classes: "runc", args: hello, protocol: "http1"},
		{name: "java", classes: "runc", args: hello, protocol: "http1"},
	}
}

func (f function) image() string { return "dev.local/" + f.name + ":local" }

// measure runs single with one measured cold start of each class. starts is how many of
// each class there are in all.
func (f function) measure(t *testing.T, starts int, args ...string) (result, *record.Run) {
	t.Helper()
	args = append(args, "--runtime-class", f.classes, "--image", f.image(), "--iterations", "1", "--client-timeout", patient)
	r, run := single(t, append(args, f.args...)...)
	t.Logf("\n%s", r)
	if r.code != exitOK {
		t.Errorf("exit code %d", r.code)
	}
	wantAllTaken(t, run, starts*len(strings.Split(f.classes, ",")))
	return r, run
}

// TestFunctions measures functions in several languages and protocols, none of which
// says who answers. That their starts are cold is shown by the exclusion of all other
// pods.
func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, f := range functionsOf(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			r, run := f.measure(t, 2)
			for _, s := range run.Samples {
				wantProvenBy(t, s, record.ProofExclusion)
				if (s.GRPCStatus != nil) != f.grpc || f.grpc && *s.GRPCStatus != 0 {
					t.Errorf("%s: status of gRPC %v", s.Service, s.GRPCStatus)
				}
			}
			if run.Header.Settings.Request == nil || run.Header.Settings.Request.Protocol != f.protocol {
				t.Errorf("request %+v, want protocol %s", run.Header.Settings.Request, f.protocol)
			}
			n := len(run.Samples) / 2
			if text := fmt.Sprintf("Proven cold by excluding all other pods: %d.", n); !strings.Contains(r.stdout, text) {
				t.Errorf("the report does not say %q", text)
			}
			wantRemoved(t, run)
		})
	}
}

// TestOwnFunction does what the README says on its first page: an image that was loaded
// under its own name is measured with no other flag than its name, on the default runtime.
func TestOwnFunction(t *testing.T) {
	t.Parallel()
	const image = "registry.example/your-function:v1"
	archive := filepath.Join(os.Getenv("KN_COLDSTART_E2E_FUNCTIONS"), "helloworld.tar")
	if r := kn(t, "cluster", "load-image", archive, "--name", image); r.code != exitOK {
		t.Fatalf("load image: %s", r)
	}
	r, run := single(t, "--image", image, "--iterations", "1", "--client-timeout", patient)
	t.Logf("\n%s", r)
	if r.code != exitOK {
		t.Errorf("exit code %d", r.code)
	}
	wantAllTaken(t, run, 2)
	for _, s := range run.Samples {
		wantProvenBy(t, s, record.ProofExclusion)
		if s.RuntimeClass != templates.DefaultClass {
			t.Errorf("measured RuntimeClass %s, want %s", s.RuntimeClass, templates.DefaultClass)
		}
	}
	wantRemoved(t, run)
}

// TestFunctionByTrace has queue-proxy's span of each traced request name the pod. The
// other starts of the same run are proven as ever.
func TestFunctionByTrace(t *testing.T) {
	before := readObservability(t)
	r, run := function{name: "nodejs", classes: "runc"}.measure(t, 4, "--traces")
	traced, byTrace := 0, 0
	for _, s := range run.Samples {
		wantPhasesInOrder(t, s)
		if s.Proof != record.ProofTrace {
			wantProvenBy(t, s, record.ProofExclusion) // also of a trace that came late
		}
		if s.TraceID == "" {
			continue
		}
		traced++
		wantSpans(t, r, s)
		if s.Proof == record.ProofTrace {
			byTrace++
			wantProvenBy(t, s, record.ProofTrace)
		}
	}
	if traced != 2 || byTrace == 0 {
		t.Errorf("%d starts have a trace, want the first one and the one after it; %d are proven by it, want one at least", traced, byTrace)
	}
	wantRemoved(t, run)
	wantRestored(t, before)
}

// wantProvenBy checks a sample of a function that says nothing of itself.
func wantProvenBy(t *testing.T, s record.Sample, proof record.Proof) {
	t.Helper()
	if s.Outcome != record.OK || s.Cold != record.Proven || s.Proof != proof {
		t.Errorf("%s block %d: outcome %s %s, cold %s by %q (%s), want proven by %s", s.Service, s.Block, s.Outcome, s.Error, s.Cold, s.Proof, s.ColdReason, proof)
		return
	}
	if s.Instance == nil || !strings.HasPrefix(s.Instance.Pod, s.Revision+"-") || s.Instance.UID == "" || s.Instance.Node == "" {
		t.Errorf("%s: instance %+v, want a pod of revision %s", s.Service, s.Instance, s.Revision)
	}
	if s.Function != nil || s.ClockOffset != nil || s.Pulled {
		t.Errorf("%s: the function told %+v, the offset of its clock is %+v, pulled %v", s.Service, s.Function, s.ClockOffset, s.Pulled)
	}
	if s.TTFB <= 0 || s.TTFB > s.ResponseLatency || s.BodyBytes == 0 {
		t.Errorf("%s: first byte after %v, all of %d bytes after %v", s.Service, s.TTFB, s.BodyBytes, s.ResponseLatency)
	}
	wantPhases(t, s)
}

// wantRemoved fails if anything of a run is in the cluster. Other runs may go on.
func wantRemoved(t *testing.T, run *record.Run) {
	t.Helper()
	wantNoneOf(t, metav1.NamespaceAll, ksvc.Selector(run.Header.RunID))
}
