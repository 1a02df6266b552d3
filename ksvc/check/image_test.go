package check

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

func TestImageBytes(t *testing.T) {
	a, b := newNode("a", "6.1", ""), newNode("b", "6.1", "")
	a.Status.Images = []corev1.ContainerImage{
		{Names: []string{"docker.io/library/nginx@sha256:1", "docker.io/library/nginx:latest"}, SizeBytes: 70},
		{Names: []string{"registry:5000/team/app:1"}, SizeBytes: 10},
	}
	b.Status.Images = []corev1.ContainerImage{{Names: []string{"docker.io/library/nginx:latest"}, SizeBytes: 80}}
	r := newReader(ksvctest.NewFakes(a, b).Client, record.Needs{Images: []string{"nginx", "registry:5000/team/app:1", "not/there"}})
	want := map[string]int64{"nginx": 80, "registry:5000/team/app:1": 10}
	if diff := cmp.Diff(want, r.imageBytes(t.Context())); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
}

func TestFullName(t *testing.T) {
	digest := strings.Repeat("0", 64)
	for image, want := range map[string]string{
		"nginx":                   "docker.io/library/nginx:latest",
		"nginx:1.29":              "docker.io/library/nginx:1.29",
		"nginx@sha256:" + digest:  "docker.io/library/nginx@sha256:" + digest,
		"team/app":                "docker.io/team/app:latest",
		"docker.io/nginx":         "docker.io/library/nginx:latest",
		"localhost/app":           "localhost/app:latest",
		"registry:5000/app":       "registry:5000/app:latest",
		"gcr.io/knative/app:v1":   "gcr.io/knative/app:v1",
		"dev.local/team/function": "dev.local/team/function:latest",
	} {
		if got := fullName(image); got != want {
			t.Errorf("fullName(%q) = %q, want %q", image, got, want)
		}
	}
}
