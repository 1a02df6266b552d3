package templates

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// No value can change the shape of the documents, a job and a ConfigMap that it uses.
func TestRenderJob(t *testing.T) {
	j := Job{
		Name: "kn-coldstart-run-1", Namespace: "bench: {", ServiceAccount: "ci\n---",
		Labels: map[string]string{"a": "b: c"}, PodLabels: map[string]string{"p": "#"},
		Image: "registry.example/kn-coldstart:v1", Args: []string{"single", "--expect-body", `a "b" <c>`},
		Files: map[string][]byte{"body.bin": {0, 255, '\n'}}, NodeSelector: map[string]string{"disk": "no"}, StartLimit: time.Minute, Kept: time.Hour,
	}
	text, err := RenderJob(j)
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(string(text), "\n---\n")
	if len(documents) != 2 {
		t.Fatalf("%d documents, want 2:\n%s", len(documents), text)
	}
	type metadata struct {
		Name, Namespace string
		Labels          map[string]string
	}
	var job struct {
		Kind     string
		Metadata metadata
		Spec     struct {
			Suspend                 bool
			BackoffLimit            *int
			ActiveDeadlineSeconds   int
			TTLSecondsAfterFinished int
			Template                struct {
				Metadata metadata
				Spec     jobPod
			}
		}
	}
	var files struct {
		Kind       string
		Metadata   metadata
		BinaryData map[string][]byte
	}
	for i, into := range []any{&job, &files} {
		if err := yaml.Unmarshal([]byte(documents[i]), into); err != nil {
			t.Fatalf("%v in\n%s", err, documents[i])
		}
	}
	p := job.Spec.Template.Spec
	if job.Kind != "Job" || files.Kind != "ConfigMap" || len(p.Containers) != 1 || len(p.Volumes) != 1 {
		t.Fatalf("a %s and a %s, the pod is %+v", job.Kind, files.Kind, p)
	}
	if !job.Spec.Suspend || job.Spec.BackoffLimit == nil || *job.Spec.BackoffLimit != 0 || p.RestartPolicy != "Never" {
		t.Errorf("the job is %+v: it may start too early, or more than once", job.Spec)
	}
	got := Job{
		Name: job.Metadata.Name, Namespace: job.Metadata.Namespace, ServiceAccount: p.ServiceAccountName,
		Labels: job.Metadata.Labels, PodLabels: job.Spec.Template.Metadata.Labels,
		Image: p.Containers[0].Image, Args: p.Containers[0].Args, Files: files.BinaryData, NodeSelector: p.NodeSelector,
		StartLimit: time.Duration(job.Spec.ActiveDeadlineSeconds) * time.Second, Kept: time.Duration(job.Spec.TTLSecondsAfterFinished) * time.Second,
	}
	if diff := cmp.Diff(j, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(job.Metadata, files.Metadata); diff != "" || p.Volumes[0].ConfigMap.Name != j.Name {
		t.Errorf("the job uses ConfigMap %q, and there is %+v", p.Volumes[0].ConfigMap.Name, files.Metadata)
	}
}

// jobPod is what of the pod of a job is looked at.
type jobPod struct {
	pod
	RestartPolicy string
	NodeSelector  map[string]string
	Volumes       []struct{ ConfigMap struct{ Name string } }
}
