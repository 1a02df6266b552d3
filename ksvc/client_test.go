package ksvc_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

func TestConnect(t *testing.T) {
	path := ksvctest.Kubeconfig(t, "https://198.51.100.1:6443")
	tests := []struct {
		name      string
		config    ksvc.Kubeconfig
		namespace string
	}{
		{"context's namespace", ksvc.Kubeconfig{Path: path}, "from-context"},
		{"given namespace", ksvc.Kubeconfig{Path: path, Namespace: "mine"}, "mine"},
		{"other context", ksvc.Kubeconfig{Path: path, Context: "two"}, "default"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := ksvc.Connect(test.config)
			if err != nil {
				t.Fatal(err)
			}
			if c.Namespace != test.namespace || c.Server != "https://198.51.100.1:6443" {
				t.Errorf("namespace %q, server %q", c.Namespace, c.Server)
			}
		})
	}
}

func TestConnectSaysWhatToDo(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("KUBECONFIG", none)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	tests := []struct {
		name       string
		config     ksvc.Kubeconfig
		want, hint string
	}{
		{"no such file", ksvc.Kubeconfig{Path: "/does/not/exist"}, "read kubeconfig /does/not/exist: no such file", "--kubeconfig"},
		{"nothing named", ksvc.Kubeconfig{}, "read kubeconfig: none found at " + none, "cluster up"},
		{"no namespace's name", ksvc.Kubeconfig{Path: ksvctest.Kubeconfig(t, "https://h"), Namespace: "Bad_NS"}, `namespace "Bad_NS": a lowercase RFC 1123 label`, "--namespace"},
		{"no such context", ksvc.Kubeconfig{Path: ksvctest.Kubeconfig(t, "https://h"), Context: "three"}, `context "three" is not in it`, "one, two"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ksvc.Connect(test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(ksvc.Hint(err), test.hint) {
				t.Errorf("Connect = %v, hint %q, want %q, %q", err, ksvc.Hint(err), test.want, test.hint)
			}
		})
	}
}
