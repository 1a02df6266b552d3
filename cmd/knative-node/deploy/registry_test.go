package deploy

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func TestSkipRegistries(t *testing.T) {
	tests := []struct {
		name, list string
		images     []string
		want       string
	}{
		{"docker.io", "dev.local", []string{"docker.io/library/foo:latest"}, "dev.local,index.docker.io"},
		{"already there", "dev.local", []string{"dev.local/a:local"}, "dev.local"},
		{"several", "dev.local", []string{"ghcr.io/a/b:v1", "ghcr.io/a/c:v1", "localhost:5000/d:v1"}, "dev.local,ghcr.io,localhost:5000"},
		{"nothing set", "", []string{"quay.io/a:v1"}, "quay.io"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := fake.NewClientset(&corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Name: "config-deployment", Namespace: "knative-serving"},
				Data:       map[string]string{skippedRegistries: test.list, "kept": "yes"},
			})
			if err := SkipRegistries(t.Context(), client, test.images); err != nil {
				t.Fatal(err)
			}
			config, err := client.CoreV1().ConfigMaps("knative-serving").Get(t.Context(), "config-deployment", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := config.Data[skippedRegistries]; got != test.want || config.Data["kept"] != "yes" {
				t.Errorf("got %q, want %q", config.Data, test.want)
			}
		})
	}
}
