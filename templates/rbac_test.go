package templates

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// No value can change the shape of the documents, which are a service account and two
// for each role.
func TestRenderRBAC(t *testing.T) {
	rule := Rule{Group: "apps", Resource: "deployments", Names: []string{"a: {"}, Verbs: []string{"get", "list"}}
	text, err := RenderRBAC(RBAC{Namespace: "bench\n---", ServiceAccount: "tester", Roles: []Role{
		{Name: "r", Namespace: "knative-serving", About: []string{"what", "it is for"}, Rules: []Rule{rule, {Resource: "pods", Verbs: []string{"list"}}}},
		{Name: "r"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Kind     string
		Metadata struct{ Name, Namespace string }
		RoleRef  struct{ Kind, Name string }
		Subjects []struct{ Kind, Name, Namespace string }
		Rules    []struct{ APIGroups, Resources, ResourceNames, Verbs []string }
	}
	var got []object
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		var o object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		got = append(got, o)
	}
	named := func(kind, name, namespace string) object {
		o := object{Kind: kind}
		o.Metadata.Name, o.Metadata.Namespace = name, namespace
		return o
	}
	account := named("ServiceAccount", "tester", "bench\n---")
	role, clusterRole := named("Role", "r", "knative-serving"), named("ClusterRole", "r", "")
	role.Rules = append(role.Rules, struct{ APIGroups, Resources, ResourceNames, Verbs []string }{
		[]string{"apps"}, []string{"deployments"}, []string{"a: {"}, []string{"get", "list"},
	}, struct{ APIGroups, Resources, ResourceNames, Verbs []string }{[]string{""}, []string{"pods"}, nil, []string{"list"}})
	bind := func(o object) object {
		b := named(o.Kind+"Binding", "r:bench\n---:tester", o.Metadata.Namespace)
		b.RoleRef.Kind, b.RoleRef.Name = o.Kind, "r"
		b.Subjects = append(b.Subjects, struct{ Kind, Name, Namespace string }{"ServiceAccount", "tester", "bench\n---"})
		return b
	}
	want := []object{account, role, bind(role), clusterRole, bind(clusterRole)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s\nof\n%s", diff, text)
	}
}
