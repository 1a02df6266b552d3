package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/deploy"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/pki"
)

// ingressTLSFolder is where the ingress finds its certificate. It is in the sandbox's own
// /run, and the ingress's manifest names it too.
const ingressTLSFolder = "/run/knative-node/tls"

// ingressTLS gives the ingress a certificate for the hosts of all services. A host is
// SERVICE.NAMESPACE.DOMAIN, and a wildcard stands for one part of a name only, so the
// certificate has one name for each namespace.
type ingressTLS struct {
	ca         *pki.Authority
	folder     string
	namespaces []string
}

// add makes a new certificate that has the namespace's hosts too.
func (i *ingressTLS) add(namespace string) error {
	i.namespaces = append(i.namespaces, namespace)
	if err := i.write(); err != nil {
		return fmt.Errorf("make the ingress's certificate for namespace %s: %w", namespace, err)
	}
	return nil
}

func (i *ingressTLS) write() error {
	subject := pki.Subject{Name: deploy.Domain}
	for _, namespace := range i.namespaces {
		subject.Names = append(subject.Names, "*."+namespace+"."+deploy.Domain)
	}
	certificate, key, err := i.ca.Sign(subject)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(map[string]any{"tls": map[string]any{"stores": map[string]any{"default": map[string]any{
		"defaultCertificate": map[string]string{"certFile": string(certificate), "keyFile": string(key)},
	}}}})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(i.folder, 0o700); err != nil {
		return err
	}
	// The ingress reads the file as soon as it changes, so it changes at once.
	partial := filepath.Join(i.folder, "certificate.partial")
	if err := os.WriteFile(partial, text, 0o600); err != nil {
		return err
	}
	return os.Rename(partial, filepath.Join(i.folder, "certificate.yaml"))
}

// follow adds each new namespace until ctx ends. It reports errors to onError.
func (i *ingressTLS) follow(ctx context.Context, client kubernetes.Interface, onError func(error)) {
	factory := informers.NewSharedInformerFactory(client, 0)
	informer := factory.Core().V1().Namespaces().Informer()
	known := map[string]bool{}
	for _, namespace := range i.namespaces {
		known[namespace] = true
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(object any) {
		namespace, ok := object.(*corev1.Namespace)
		if !ok || known[namespace.Name] {
			return
		}
		known[namespace.Name] = true
		if err := i.add(namespace.Name); err != nil {
			onError(err)
		}
	}})
	if err != nil {
		onError(fmt.Errorf("watch namespaces for the ingress's certificate: %w", err))
		return
	}
	factory.Start(ctx.Done())
}
