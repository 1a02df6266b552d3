package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/cluster"
)

// nodeImage is the image of the function that the embedded node has.
const nodeImage = "dev.local/coldfn:local"

// wasmImage is the image of the same function in WebAssembly. The node has it if it has
// RuntimeClass wasmClass, the only one that runs it.
const (
	wasmImage = "dev.local/coldfn.wasm:local"
	wasmClass = "wasmedge"
)

// workImage is the image of work, which scripts/functions makes and the user loads.
const workImage = "dev.local/work:local"

// nodeImageOf is the image of the embedded node's function for a RuntimeClass.
func nodeImageOf(class string) string {
	if class == wasmClass {
		return wasmImage
	}
	return nodeImage
}

// clusterFlags name the cluster, as kubectl and kn do.
type clusterFlags struct {
	ksvc.Kubeconfig
	ingressAddress string
}

func (f *clusterFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.Path, "kubeconfig", "", "kubeconfig file (default: that of the embedded node if it is up, otherwise the one that kubectl uses)")
	flags.StringVar(&f.Context, "context", "", "context of the kubeconfig")
	flags.StringVarP(&f.Namespace, "namespace", "n", "", "namespace for the services (default: the one of the context)")
}

func (f *clusterFlags) registerIngress(flags *pflag.FlagSet) {
	flags.StringVar(&f.ingressAddress, "ingress-address", "", "HOST[:PORT] of the ingress (default: found through the ingress class)")
}

// locate says whether the cluster is the embedded node, which is used if it is up and
// the user named no other cluster.
func (f *clusterFlags) locate() (embedded bool) {
	kubeconfig := filepath.Join(nodeStateDir, "kubeconfig")
	named := f.Path != "" || f.Context != "" || os.Getenv("KUBECONFIG") != ""
	if !named && nodeIsUp(nodeStateDir) {
		f.Path = kubeconfig
	}
	return f.Path == kubeconfig || f.Path == "" && os.Getenv("KUBECONFIG") == kubeconfig
}

// validate reports flags that no cluster can fit.
func (f *clusterFlags) validate() error {
	if err := ksvc.ValidateNamespace(f.Namespace); f.Namespace != "" && err != nil {
		return withHint(fmt.Errorf("--namespace is %q: no namespace can have that name", f.Namespace), ksvc.Hint(err))
	}
	return nil
}

// connect makes the client. It does not talk to the cluster yet.
func (f *clusterFlags) connect() (*cluster.Cluster, error) {
	if err := f.validate(); err != nil {
		return nil, usage(err)
	}
	f.locate()
	return cluster.Connect(f.Kubeconfig)
}
