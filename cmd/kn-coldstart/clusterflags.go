package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// nodeStateDir is where the embedded node keeps its state.
const nodeStateDir = "/var/lib/knative-node"

// nodeImage is the function that the embedded node has an image of.
const nodeImage = "dev.local/coldfn:local"

// clusterFlags name the cluster, as kubectl and kn do.
type clusterFlags struct {
	ksvc.Kubeconfig
	ingressAddress string
	// embedded says that nothing was named and the embedded node is up.
	embedded bool
}

func (f *clusterFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.Path, "kubeconfig", "", "kubeconfig file (default: the embedded node's if it is up, else as kubectl)")
	flags.StringVar(&f.Context, "context", "", "context of the kubeconfig")
	flags.StringVarP(&f.Namespace, "namespace", "n", "", "namespace for the services (default: the context's)")
}

func (f *clusterFlags) registerIngress(flags *pflag.FlagSet) {
	flags.StringVar(&f.ingressAddress, "ingress-address", "", "HOST[:PORT] of the ingress (default: found through the ingress class)")
}

// connect makes the client. The embedded node is used if it is up and nothing
// else was named.
func (f *clusterFlags) connect() (*ksvc.Client, error) {
	kubeconfig := filepath.Join(nodeStateDir, "kubeconfig")
	named := f.Path != "" || f.Context != "" || os.Getenv("KUBECONFIG") != ""
	if _, err := os.Stat(kubeconfig); err == nil && !named {
		f.Path = kubeconfig
	}
	f.embedded = f.Path == kubeconfig || os.Getenv("KUBECONFIG") == kubeconfig
	return ksvc.Connect(f.Kubeconfig)
}
