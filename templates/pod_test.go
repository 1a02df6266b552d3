package templates

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePort(t *testing.T) {
	for text, want := range map[string]Port{
		"8080":       {ContainerPort: 8080},
		"h2c:8080":   {Name: "h2c", ContainerPort: 8080},
		"http1:9000": {Name: "http1", ContainerPort: 9000},
	} {
		if got, err := ParsePort(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "want a number", "0": "want a number", "65536": "want a number", "http": "want a number",
		"h2c:": "want a number", "grpc:8080": `not "grpc"`, ":8080": `not ""`,
	} {
		if _, err := ParsePort(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestParseEnvFrom(t *testing.T) {
	settings, secret := EnvFrom{ConfigMap: &Reference{"settings"}}, EnvFrom{Secret: &Reference{"key"}}
	for text, want := range map[string]EnvFrom{"config-map:settings": settings, "cm:settings": settings, "secret:key": secret, "sc:key": secret} {
		got, err := ParseEnvFrom(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v, %s", text, err, diff)
		}
	}
	for _, text := range []string{"", "settings", "cm:", "file:x"} {
		if _, err := ParseEnvFrom(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestParseToleration(t *testing.T) {
	for text, want := range map[string]Toleration{
		"a=b:NoSchedule": {Key: "a", Operator: "Equal", Value: "b", Effect: "NoSchedule"},
		"a:NoExecute":    {Key: "a", Operator: "Exists", Effect: "NoExecute"},
		"a=b":            {Key: "a", Operator: "Equal", Value: "b"},
		"a":              {Key: "a", Operator: "Exists"},
	} {
		if got, err := ParseToleration(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", ":NoSchedule", "=b:NoSchedule", "a=b:Never", "a=b:"} {
		if _, err := ParseToleration(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestRenderServiceWithAPod(t *testing.T) {
	document := renderedService(t, Service{Name: "h", Image: "x", Pod: Pod{
		Port: "h2c:8081", Command: []string{"/bin/sh", "-c"}, Args: []string{"a, b", "c=d"},
		EnvFrom: []string{"cm:settings", "secret:key"}, ServiceAccount: "robot", PullSecret: "registry",
		Annotations: map[string]string{"example.com/a": "b,c=d"}, ConcurrencyLimit: 3,
		NodeSelector: map[string]string{"disk": "ssd"}, Tolerations: []string{"a=b:NoSchedule"},
	}})
	spec := at(t, document, "spec", "template", "spec").(map[string]any)
	container := at(t, spec, "containers", 0).(map[string]any)
	reference := func(name string) map[string]any { return map[string]any{"name": name} }
	for name, c := range map[string]struct{ got, want any }{
		"ports":       {container["ports"], []any{map[string]any{"name": "h2c", "containerPort": 8081.0}}},
		"command":     {container["command"], []any{"/bin/sh", "-c"}},
		"args":        {container["args"], []any{"a, b", "c=d"}},
		"envFrom":     {container["envFrom"], []any{map[string]any{"configMapRef": reference("settings")}, map[string]any{"secretRef": reference("key")}}},
		"account":     {spec["serviceAccountName"], "robot"},
		"pull secret": {spec["imagePullSecrets"], []any{reference("registry")}},
		"annotation":  {at(t, document, "spec", "template", "metadata", "annotations", "example.com/a"), "b,c=d"},
		"concurrency": {spec["containerConcurrency"], 3.0},
		"selector":    {spec["nodeSelector"], map[string]any{"disk": "ssd"}},
		"tolerations": {spec["tolerations"], []any{map[string]any{"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
