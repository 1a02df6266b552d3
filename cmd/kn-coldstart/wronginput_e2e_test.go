//go:build e2e

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// wrongInput is a command line of single that cannot work.
type wrongInput struct {
	name string
	args []string
	code int
	says string
}

// TestWrongInput shows each mistake a clear line, a code that is not zero, and
// nothing left behind.
func TestWrongInput(t *testing.T) {
	for _, c := range []wrongInput{
		{"no iterations", []string{"--runtime-class", "runc", "--iterations", "0"}, exitUsage, "--iterations is 0"},
		{"unknown class", []string{"--runtime-class", "runc,nosuch"}, exitFailed, "nosuch"},
		{"unknown namespace", []string{"--runtime-class", "runc", "-n", "nosuch"}, exitFailed, "nosuch"},
		{"unreachable API server", []string{"--runtime-class", "runc", "--image", "x", "--kubeconfig", unreachable(t)}, exitFailed, "cannot be reached"},
		{"no Knative", []string{"--runtime-class", "runc", "--image", "x", "--kubeconfig", plainKubernetes(t)}, exitFailed, "Knative"},
		{"no ingress", []string{"--runtime-class", "runc", "--ingress-address", "198.18.0.2:81"}, exitFailed, "198.18.0.2:81"},
	} {
		t.Run(c.name, c.run)
	}
	wantNothingLeft(t)
	exits := loadExitingImage(t)
	t.Run("images", func(t *testing.T) {
		for _, c := range []wrongInput{
			{"image that exits", []string{"--image", exits}, exitFailed, "exit"},
			{"image that is not there", []string{"--image", "dev.local/nosuch:local"}, exitFailed, "dev.local/nosuch:local"},
		} {
			c.args = append(c.args, "--runtime-class", "runc", "--services-per-class", "1", "--client-timeout", "15s")
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.run(t)
			})
		}
	})
	wantNothingLeft(t)
}

func (c wrongInput) run(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.jsonl")
	r := kn(t, append([]string{"single", "--run-file", file}, c.args...)...)
	t.Log(r.stderr)
	if r.code != c.code {
		t.Errorf("exit code %d, want %d", r.code, c.code)
	}
	if !strings.Contains(errorLines(r.stderr), c.says) {
		t.Errorf("the error does not say %q", c.says)
	}
}

// errorLines is what the program said from its error on.
func errorLines(stderr string) string {
	_, said, _ := strings.Cut(stderr, "error: ")
	return said
}

// loadExitingImage gives the node an image whose program ends at once: an init
// without a program to run.
func loadExitingImage(t *testing.T) string {
	t.Helper()
	r := kn(t, "cluster", "load-image", "/usr/bin/catatonit", "--name", "dev.local/exits:local")
	if r.code != exitOK {
		t.Fatalf("load image: %s", r)
	}
	return strings.TrimSpace(r.stdout)
}

func unreachable(t *testing.T) string { return kubeconfig(t, "https://127.0.0.1:1", "") }

// kubeconfig writes one with a token.
func kubeconfig(t *testing.T, server, ca string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: u, user: {token: test}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`, server, ca)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// plainKubernetes runs a real API server that nobody has installed Knative on,
// and returns its kubeconfig.
func plainKubernetes(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	etcd, peer, server := freePort(t), freePort(t), freePort(t)
	program := func(name string, args ...string) {
		bin, err := filepath.Abs(filepath.Join(build, "node", "bin", name))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(bin, args...)
		cmd.Dir = dir
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := exec.Command("openssl", "genrsa", "2048").Output()
	if err != nil {
		t.Fatalf("make a key: %v", err)
	}
	keyFile, tokens := write("sa.key", string(key)), write("tokens.csv", "test,admin,admin,system:masters\n")
	program("etcd", "--data-dir=etcd", "--listen-client-urls="+local("http", etcd), "--advertise-client-urls="+local("http", etcd),
		"--listen-peer-urls="+local("http", peer), "--log-level=error")
	program("kube", "kube-apiserver", "--etcd-servers="+local("http", etcd), "--bind-address=127.0.0.1", "--secure-port="+server,
		"--cert-dir=pki", "--token-auth-file="+tokens, "--authorization-mode=RBAC", "--service-cluster-ip-range=198.18.64.0/24",
		"--service-account-issuer=test", "--service-account-key-file="+keyFile, "--service-account-signing-key-file="+keyFile)
	awaitPort(t, server)
	return kubeconfig(t, local("https", server), filepath.Join(dir, "pki", "apiserver.crt"))
}

func local(scheme, port string) string { return scheme + "://127.0.0.1:" + port }

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func awaitPort(t *testing.T, port string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("nothing listens on port %s", port)
}
