package templates

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// No value can change the shape of the documents, a claim and a job that uses it.
func TestRenderCronJob(t *testing.T) {
	c := CronJob{
		Name: "nightly", Namespace: "bench: {", ServiceAccount: "ci\n---", Schedule: "0 3 * * *",
		Image: "registry.example/kn-coldstart:v1", Args: []string{"single", "--expect-body", `a "b" <c>`, "--env=A=$$(B)"}, Traces: true, Storage: "1Gi",
	}
	text, err := RenderCronJob(c)
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(string(text), "\n---\n")
	if len(documents) != 2 {
		t.Fatalf("%d documents, want 2:\n%s", len(documents), text)
	}
	var claim struct {
		Metadata struct{ Name, Namespace string }
		Spec     struct {
			Resources struct{ Requests struct{ Storage string } }
		}
	}
	var job struct {
		Metadata struct{ Name, Namespace string }
		Spec     struct {
			Schedule    string
			JobTemplate struct {
				Spec struct {
					ActiveDeadlineSeconds int
					Template              struct{ Spec pod }
				}
			}
		}
	}
	for i, into := range []any{&claim, &job} {
		if err := yaml.Unmarshal([]byte(documents[i]), into); err != nil {
			t.Fatalf("%v in\n%s", err, documents[i])
		}
	}
	p := job.Spec.JobTemplate.Spec.Template.Spec
	if len(p.Containers) != 1 || len(p.Volumes) != 1 {
		t.Fatalf("the pod is %+v", p)
	}
	if job.Spec.JobTemplate.Spec.ActiveDeadlineSeconds == 0 {
		t.Error("a pod that hangs keeps all later ones from starting")
	}
	if requests := p.Containers[0].Resources.Requests; requests["cpu"] == "" || requests["memory"] == "" {
		t.Errorf("the pod that measures requests %v", requests)
	}
	got := CronJob{
		Name: job.Metadata.Name, Namespace: job.Metadata.Namespace, ServiceAccount: p.ServiceAccountName, Schedule: job.Spec.Schedule,
		Image: p.Containers[0].Image, Args: c.Args, Traces: c.Traces, Storage: claim.Spec.Resources.Requests.Storage,
	}
	if diff := cmp.Diff(c, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	// Kubernetes makes $$ a $, and fills in $(POD_IP) alone.
	want := []string{"single", "--expect-body", `a "b" <c>`, "--env=A=$$$$(B)", "--traces", "--traces-address=[$(POD_IP)]:0"}
	if diff := cmp.Diff(want, p.Containers[0].Args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	if env := p.Containers[0].Env; len(env) != 1 || env[0].Name != "POD_IP" || env[0].ValueFrom.FieldRef.FieldPath != "status.podIP" {
		t.Errorf("the pod knows its address from %+v", env)
	}
	if claim.Metadata != job.Metadata || p.Volumes[0].PersistentVolumeClaim.ClaimName != claim.Metadata.Name {
		t.Errorf("the job uses claim %q, and there is %+v", p.Volumes[0].PersistentVolumeClaim.ClaimName, claim.Metadata)
	}
}

// pod is what of a pod is looked at.
type pod struct {
	ServiceAccountName string
	Containers         []struct {
		Image     string
		Args      []string
		Resources struct{ Requests map[string]string }
		Env       []struct {
			Name      string
			ValueFrom struct{ FieldRef struct{ FieldPath string } }
		}
	}
	Volumes []struct{ PersistentVolumeClaim struct{ ClaimName string } }
}
