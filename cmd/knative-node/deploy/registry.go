package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"
)

// skippedRegistries is the setting that says which registries Knative does not ask for
// the digests of tags. It is a list without patterns, separated by commas.
const skippedRegistries = "registries-skipping-tag-resolving"

// SkipRegistries adds the registries of the images to those that Knative does not ask.
// The node cannot reach any registry, so no other image of theirs is lost.
func SkipRegistries(ctx context.Context, client kubernetes.Interface, images []string) error {
	configMaps := client.CoreV1().ConfigMaps("knative-serving")
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		config, err := configMaps.Get(ctx, "config-deployment", metav1.GetOptions{})
		if err != nil {
			return err
		}
		now := config.Data[skippedRegistries]
		next, err := withRegistries(now, images)
		if err != nil || next == now {
			return err
		}
		config.Data[skippedRegistries] = next
		_, err = configMaps.Update(ctx, config, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("tell Knative not to ask the registries of %s: %w", strings.Join(images, ", "), err)
	}
	return nil
}

// withRegistries adds the registries of the images to a list, as Knative calls them:
// docker.io, for example, is index.docker.io.
func withRegistries(list string, images []string) (string, error) {
	all := strings.Split(list, ",")
	for _, image := range images {
		named, err := name.ParseReference(image)
		if err != nil {
			return "", err
		}
		if registry := named.Context().RegistryStr(); !slices.Contains(all, registry) {
			all = append(all, registry)
		}
	}
	return strings.Trim(strings.Join(all, ","), ","), nil
}
