package ksvc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func kubeconfig(t *testing.T, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	text := `apiVersion: v1
kind: Config
current-context: one
clusters: [{name: c, cluster: {server: "` + server + `"}}]
users: [{name: u, user: {token: t}}]
contexts:
- {name: one, context: {cluster: c, user: u, namespace: from-context}}
- {name: two, context: {cluster: c, user: u}}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConnect(t *testing.T) {
	path := kubeconfig(t, "https://198.51.100.1:6443")
	tests := []struct {
		name      string
		config    Kubeconfig
		namespace string
	}{
		{"context's namespace", Kubeconfig{Path: path}, "from-context"},
		{"given namespace", Kubeconfig{Path: path, Namespace: "mine"}, "mine"},
		{"other context", Kubeconfig{Path: path, Context: "two"}, "default"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := Connect(test.config)
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
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	tests := []struct {
		name       string
		config     Kubeconfig
		want, hint string
	}{
		{"no such file", Kubeconfig{Path: "/does/not/exist"}, "read kubeconfig /does/not/exist: no such file", "--kubeconfig"},
		{"nothing named", Kubeconfig{}, "read kubeconfig: none found", "cluster up"},
		{"no such context", Kubeconfig{Path: kubeconfig(t, "https://h"), Context: "three"}, `context "three" is not in it`, "one, two"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Connect(test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(Hint(err), test.hint) {
				t.Errorf("Connect = %v, hint %q, want %q, %q", err, Hint(err), test.want, test.hint)
			}
		})
	}
}
