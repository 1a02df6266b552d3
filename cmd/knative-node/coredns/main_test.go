package main

import (
	"os"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/caddy/caddyfile"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestPlugins checks that every plugin that the node's Corefile names is compiled in.
func TestPlugins(t *testing.T) {
	blocks, err := caddyfile.Parse("Corefile", strings.NewReader(corefile(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	plugins := 0
	for _, block := range blocks {
		for name := range block.Tokens {
			plugins++
			if _, err := caddy.DirectiveAction("dns", name); err != nil {
				t.Errorf("the Corefile names %s: %v", name, err)
			}
		}
	}
	if plugins == 0 {
		t.Error("the Corefile names no plugin")
	}
}

// corefile is the Corefile of the node's manifest.
func corefile(t *testing.T) string {
	t.Helper()
	manifest, err := os.ReadFile("../deploy/manifests/coredns.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range strings.Split(string(manifest), "\n---\n") {
		var object corev1.ConfigMap
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		if text := object.Data["Corefile"]; object.Kind == "ConfigMap" && text != "" {
			return text
		}
	}
	t.Fatal("the manifest has no Corefile")
	return ""
}
