package node

import (
	"os"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"sigs.k8s.io/yaml"
)

// TestWriteConfigs writes every configuration file and reads it back.
func TestWriteConfigs(t *testing.T) {
	l := layoutWithHandlers(t, anyHandler)
	if err := l.writeConfigs(); err != nil {
		t.Fatal(err)
	}
	readTOML := func(text []byte, value any) error { return toml.Unmarshal(text, value) }
	readYAML := func(text []byte, value any) error { return yaml.Unmarshal(text, value) }
	for _, c := range []struct {
		file string
		read func([]byte, any) error
	}{
		{"containerd.toml", readTOML},
		{"kubelet.yaml", readYAML},
		{"kube-proxy.yaml", readYAML},
		{"cni/10-pods.conflist", readYAML},
	} {
		t.Run(c.file, func(t *testing.T) {
			path := l.config(c.file)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "<no value>") || strings.Contains(string(text), "{{") {
				t.Errorf("the template is not filled in:\n%s", text)
			}
			var values map[string]any
			if err := c.read(text, &values); err != nil || len(values) == 0 {
				t.Errorf("read %d values: %v", len(values), err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v", info.Mode())
			}
		})
	}
}
