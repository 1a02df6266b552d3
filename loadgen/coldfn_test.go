package loadgen

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// startFunction builds the real function under test and runs it as a pod.
func startFunction(t *testing.T, pod string, env ...string) (address string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds cmd/coldfn")
	}
	binary := filepath.Join(t.TempDir(), "coldfn")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/coldfn").CombinedOutput(); err != nil {
		t.Fatalf("build cmd/coldfn: %v\n%s", err, out)
	}
	address = closedPort(t)
	_, port, _ := net.SplitHostPort(address)
	c := exec.Command(binary)
	c.Env = append(os.Environ(), append(env, "PORT="+port, "HOSTNAME="+pod)...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	for t.Context().Err() == nil {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return address
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the function never listened")
	return ""
}

// TestFunctionSpeaksTheRecord holds cmd/coldfn, which imports nothing of this
// module, to the type that reads its answer.
func TestFunctionSpeaksTheRecord(t *testing.T) {
	address := startFunction(t, revision+"-deployment-a")
	s := send(t, newClient(time.Minute), targetAt(address))
	if s.Outcome != record.OK || s.Function.Requests != 1 {
		t.Fatalf("got %s (%s), %+v", s.Outcome, s.Error, s.Function)
	}
	answer, err := http.Get("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var f record.Function
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&f); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if f.Nonce != s.Function.Nonce || f.Requests != 2 {
		t.Errorf("first %+v, second %+v", s.Function, f)
	}
	if !(f.ProcessStarted <= f.MainEntered && f.MainEntered <= f.Listening && f.Listening <= f.Answered) {
		t.Errorf("instants out of order: %+v", f)
	}
	if f.ProcessStarted != 0 && f.ProcessStartedResolution <= 0 {
		t.Errorf("no resolution: %+v", f)
	}
}

func TestFunctionFaults(t *testing.T) {
	for fault, want := range map[string]record.Outcome{
		"crash": record.Reset, "status500": record.HTTP, "hang": record.Timeout, "foreignBody": record.WrongInstance,
	} {
		t.Run(fault, func(t *testing.T) {
			timeout := time.Minute
			if want == record.Timeout {
				timeout = 50 * time.Millisecond
			}
			address := startFunction(t, revision+"-deployment-a", "COLDFN_FAULT="+fault)
			if s := send(t, newClient(timeout), targetAt(address)); s.Outcome != want {
				t.Errorf("got %s (%s), want %s", s.Outcome, s.Error, want)
			}
		})
	}
}
