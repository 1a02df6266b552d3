// Package node is the embedded node: a whole Kubernetes with Knative Serving in
// a sandbox on this machine.
//
// Up and Down run on the host. Supervise runs as the sandbox's only child: it
// boots the node step by step, reports each step, and from then on keeps its
// components running and answers questions on a socket.
package node

import (
	"path/filepath"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// Name is the node's name in Kubernetes and its host name.
const Name = "knative-node"

// DefaultStateDir is where a node keeps its state.
const DefaultStateDir = "/var/lib/knative-node"

// Server is the API server's address.
const Server = "https://" + sandbox.NodeIP + ":6443"

// Ingress is where the ingress listens.
const Ingress = sandbox.NodeIP + ":80"

// Layout says where a node's files are.
type Layout struct {
	// State is made by Up and removed by Down.
	State string
	// Dist is what the build made: bin, crun and manifests.
	Dist string
}

// Bin is a program of the build.
func (l Layout) Bin(program string) string { return filepath.Join(l.Dist, "bin", program) }

// Crun is the crun of the build, which has libraries of its own beside it.
func (l Layout) Crun() string { return filepath.Join(l.Dist, "crun", "crun") }

// Manifests is the folder of Knative's manifests.
func (l Layout) Manifests() string { return filepath.Join(l.Dist, "manifests") }

// Logs is the folder of the components' logs.
func (l Layout) Logs() string { return filepath.Join(l.State, "log") }

// PodLogs is the folder in which the kubelet keeps the logs of pods.
func (l Layout) PodLogs() string { return filepath.Join(l.State, "pods") }

// VolumePlugins is a folder without any.
func (l Layout) VolumePlugins() string { return filepath.Join(l.State, "volume-plugins") }

// hostLimits is where what the host's limits were is kept.
func (l Layout) hostLimits() string { return filepath.Join(l.State, "host-limits.json") }

// hostFolders is where it is kept which folders were made on the host.
func (l Layout) hostFolders() string { return filepath.Join(l.State, "host-folders.json") }

// PKI is a file of the node's certificates and keys.
func (l Layout) PKI(file string) string { return filepath.Join(l.State, "pki", file) }

// Kubeconfig is the administrator's.
func (l Layout) Kubeconfig() string { return filepath.Join(l.State, "kubeconfig") }

// ComponentKubeconfig is the one of a component.
func (l Layout) ComponentKubeconfig(name string) string {
	return filepath.Join(l.State, "pki", name+".kubeconfig")
}

// Config is a configuration file of the boot.
func (l Layout) Config(file string) string { return filepath.Join(l.State, file) }

// ContainerdSocket is where containerd listens.
func (l Layout) ContainerdSocket() string { return filepath.Join(l.State, "containerd.sock") }

// ControlSocket is where the supervisor answers.
func (l Layout) ControlSocket() string { return filepath.Join(l.State, "node.sock") }

// instanceFile says which process is the node's first.
func (l Layout) instanceFile() string { return filepath.Join(l.State, "node.json") }

// PauseImage holds a pod's namespaces open.
func (l Layout) PauseImage() string { return image.Reference("pause") }

// Name is the node's.
func (l Layout) Name() string { return Name }

// PodCIDR is the range of pod addresses.
func (l Layout) PodCIDR() string { return sandbox.PodCIDR }

// DNSServer is the cluster's.
func (l Layout) DNSServer() string { return sandbox.DNSServer }
