package node

import (
	"context"
	"os"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/pki"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// certificates makes all certificates, keys and kubeconfigs.
func (b *boot) certificates(context.Context) error {
	dir := b.PKI("")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := pki.NewKeyPair(dir, "sa"); err != nil {
		return err
	}
	ca, err := pki.NewAuthority(dir, "ca")
	if err != nil {
		return err
	}
	if err := issueKubernetes(ca); err != nil {
		return err
	}
	if err := b.kubeconfigs(ca); err != nil {
		return err
	}
	b.ingressTLS = &ingressTLS{ca: ca, folder: ingressTLSFolder}
	if err := b.ingressTLS.add(metav1.NamespaceDefault); err != nil {
		return err
	}
	b.health, err = newHealthChecker(b.Kubeconfig())
	return err
}

func issueKubernetes(ca *pki.Authority) error {
	return issue(ca,
		pki.Subject{Name: "kube-apiserver", IPs: []string{sandbox.NodeIP, sandbox.APIServiceIP},
			Names: []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}},
		pki.Subject{Name: "kubelet-client", Groups: []string{"system:masters"}},
		pki.Subject{Name: "kubelet", Names: []string{nodeName}, IPs: []string{sandbox.NodeIP}},
		pki.Subject{Name: "localhost", Names: []string{"localhost"}, IPs: []string{"127.0.0.1"}},
	)
}

func issue(ca *pki.Authority, subjects ...pki.Subject) error {
	for _, s := range subjects {
		if err := ca.Issue(s); err != nil {
			return err
		}
	}
	return nil
}

func (b *boot) kubeconfigs(ca *pki.Authority) error {
	admin := pki.Subject{Name: "admin", User: "knative-node-admin", Groups: []string{"system:masters"}}
	if err := ca.Kubeconfig(b.Kubeconfig(), apiServerURL, admin); err != nil {
		return err
	}
	daemons := []pki.Subject{
		{Name: "kube-controller-manager", User: "system:kube-controller-manager"},
		{Name: "kube-scheduler", User: "system:kube-scheduler"},
		{Name: "kube-proxy", User: "system:kube-proxy"},
		{Name: "kubelet", User: "system:node:" + nodeName, Groups: []string{"system:nodes"}},
	}
	for _, s := range daemons {
		if err := ca.Kubeconfig(b.DaemonKubeconfig(s.Name), apiServerURL, s); err != nil {
			return err
		}
	}
	return nil
}
