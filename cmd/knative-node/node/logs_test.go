package node

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestLogFiles(t *testing.T) {
	l := Layout{State: t.TempDir()}
	writeFile(t, filepath.Join(l.logs(), "kubelet.log"), "")
	writeFile(t, filepath.Join(l.logs(), "etcd.log"), "")
	writeFile(t, filepath.Join(l.logs(), "etcd.log.1"), "")
	writeFile(t, filepath.Join(l.PodLogs(), "knative-serving_activator-1-2_uid/activator/0.log"), "")
	for _, c := range []struct {
		component, files, fails string
	}{
		{"kubelet", "kubelet.log", ""},
		{"etcd", "etcd.log.1 etcd.log", ""},
		{"activator", "0.log", ""},
		{"webhook", "", "is the node up"},
		{"nosuch", "", "the components are"},
		{"../pki/sa", "", "the components are"},
	} {
		t.Run(c.component, func(t *testing.T) {
			files, err := l.LogFiles(c.component)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("error %v, want %q", err, c.fails)
				}
				return
			}
			var names []string
			for _, file := range files {
				names = append(names, filepath.Base(file))
			}
			if got := strings.Join(names, " "); err != nil || got != c.files {
				t.Errorf("got %q, %v, want %q", got, err, c.files)
			}
		})
	}
}
