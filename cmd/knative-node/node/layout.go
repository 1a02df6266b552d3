// Package node is the embedded node: a whole Kubernetes with Knative Serving in a
// sandbox on this host.
//
// Up and Down run on the host. Supervise runs inside the sandbox: it boots the node
// step by step, reports each step, then keeps the node's components running and
// answers questions about them on a socket.
//
// A component is anything that the node consists of. There are two kinds: a daemon
// is a process of the sandbox, a workload runs as a pod.
package node

import (
	"fmt"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// nodeName is the node's name in Kubernetes and its host name.
const nodeName = "knative-node"

// DefaultStateDir is the folder in which a node keeps its state.
const DefaultStateDir = "/var/lib/knative-node"

// etcdSocket is the socket on which etcd listens. It is in the node's own /run, so no pod
// reaches it.
const etcdSocket = "/run/etcd.sock"

// apiServerURL is the address of the API server.
const apiServerURL = "https://" + sandbox.NodeIP + ":6443"

// Ingress is the address of the ingress.
const Ingress = sandbox.NodeIP + ":80"

// IngressTLS is the address at which the ingress speaks https.
const IngressTLS = sandbox.NodeIP + ":443"

// Layout says where the node's files are.
type Layout struct {
	// State is the folder that Up makes and Down removes.
	State string
	// Dist is the folder that the build made. It holds bin and manifests, and crun
	// and wasmedge if it has these handlers.
	Dist string
}

// Bin is the path of a program of the build.
func (l Layout) Bin(program string) string { return filepath.Join(l.Dist, "bin", program) }

// manifests is the folder of Knative's manifests.
func (l Layout) manifests() string { return filepath.Join(l.Dist, "manifests") }

// logs is the folder of the daemons' logs.
func (l Layout) logs() string { return filepath.Join(l.State, "log") }

// supervisorLog is the log of the supervisor itself.
func (l Layout) supervisorLog() string { return filepath.Join(l.logs(), supervisor+".log") }

// PodLogs is the folder in which the kubelet keeps the logs of pods.
func (l Layout) PodLogs() string { return filepath.Join(l.State, "pods") }

// VolumePlugins is a folder that is always empty. The default one is outside of the
// state folder.
func (l Layout) VolumePlugins() string { return filepath.Join(l.State, "volume-plugins") }

// hostNotes are the files that say what Up has changed on the host.
func (l Layout) hostNotes() sandbox.Notes {
	return sandbox.Notes{
		Limits:      filepath.Join(l.State, "host-limits.json"),
		Folders:     filepath.Join(l.State, "host-folders.json"),
		Controllers: filepath.Join(l.State, "host-controllers.json"),
	}
}

// PKI is the path of one of the node's certificates or keys.
func (l Layout) PKI(file string) string { return filepath.Join(l.State, "pki", file) }

// CA is the file with the certificate of the authority that has signed the certificates of
// the API server and of the ingress.
func (l Layout) CA() string { return l.PKI("ca.crt") }

// Kubeconfig is the path of the administrator's kubeconfig.
func (l Layout) Kubeconfig() string { return filepath.Join(l.State, "kubeconfig") }

// DaemonKubeconfig is the path of the kubeconfig of a daemon.
func (l Layout) DaemonKubeconfig(name string) string {
	return filepath.Join(l.State, "pki", name+".kubeconfig")
}

// config is the path of a configuration file that the boot writes.
func (l Layout) config(file string) string { return filepath.Join(l.State, file) }

// ContainerdSocket is the socket on which containerd listens.
func (l Layout) ContainerdSocket() string { return filepath.Join(l.State, "containerd.sock") }

// ContainerdRoot is the folder in which containerd keeps what is to last.
func (l Layout) ContainerdRoot() string { return filepath.Join(l.State, "containerd") }

// controlSocket is the socket on which the supervisor answers.
func (l Layout) controlSocket() string { return filepath.Join(l.State, "node.sock") }

// handlerList is the file with the user's handlers, and handlerFolder the folder with the
// files of one.
func (l Layout) handlerList() string { return filepath.Join(l.State, "handlers.json") }

func (l Layout) handlerFolder(name string) string { return filepath.Join(l.State, "handlers", name) }

// runningFile is the file that says which process is the first of the node.
func (l Layout) runningFile() string { return filepath.Join(l.State, "node.json") }

// Client returns a client of the node's API server, with all rights.
func (l Layout) Client() (kubernetes.Interface, error) {
	access, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("read the node's kubeconfig: %w", err)
	}
	return kubernetes.NewForConfig(access)
}
