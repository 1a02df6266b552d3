package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

func TestManifests(t *testing.T) {
	const traces, usage = "kn-coldstart-traces", "kn-coldstart-usage"
	for name, c := range map[string]struct {
		grant Grant
		want  []string
	}{
		"plain":  {Grant{}, nil},
		"traces": {Grant{Traces: true}, []string{traces}},
		"usage":  {Grant{Usage: true}, []string{usage}},
		"both":   {Grant{Traces: true, Usage: true}, []string{traces, usage}},
	} {
		c.grant.Namespace, c.grant.ServiceAccount = "bench", "ci"
		text, err := c.grant.Manifests()
		if err != nil {
			t.Fatal(err)
		}
		for _, role := range []string{traces, usage} {
			if got, want := strings.Contains(string(text), role), slices.Contains(c.want, role); got != want {
				t.Errorf("%s: has role %s: %v, want %v", name, role, got, want)
			}
		}
		if !strings.Contains(string(text), `resourceNames: ["bench"]`) {
			t.Errorf("%s: it may get other namespaces\n%s", name, text)
		}
	}
}

// What changes something outside the runs' namespace is held to a name. What is created
// has none yet.
func TestOnlyNamedObjectsOfOthersAreChanged(t *testing.T) {
	harmless := []string{"get", "list", "watch", "create"}
	for _, role := range roles("bench") {
		for _, p := range role.permissions {
			changes := slices.ContainsFunc(p.verbs, func(v string) bool { return !slices.Contains(harmless, v) })
			if changes && role.namespace != "bench" && len(p.names) == 0 {
				t.Errorf("role %s in %q may %v any %s", role.name, role.namespace, p.verbs, p.resource)
			}
			if len(p.names) > 0 && slices.ContainsFunc(p.verbs, func(v string) bool { return v == "list" || v == "watch" || v == "create" }) {
				t.Errorf("role %s in %q may %v %s %v, which no name can restrict", role.name, role.namespace, p.verbs, p.resource, p.names)
			}
		}
	}
}

func TestGrantValidate(t *testing.T) {
	for _, c := range []struct {
		grant Grant
		want  string
	}{
		{Grant{ServiceAccount: "ci"}, "--namespace is missing"},
		{Grant{Namespace: "Bad_NS", ServiceAccount: "ci"}, `namespace "Bad_NS"`},
		{Grant{Namespace: "bench", ServiceAccount: "Bad SA"}, `--service-account is "Bad SA"`},
	} {
		text, err := c.grant.Manifests()
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || ksvc.Hint(err) == "" || text != nil {
			t.Errorf("%+v: %v, hint %q, want %s", c.grant, err, ksvc.Hint(err), c.want)
		}
	}
}
