package node

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/process"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

const etcdURL = "https://127.0.0.1:2379"

// rareGC trades memory for processor time in the programs that read and write the
// most objects (see tuning.md).
var rareGC = []string{"GOGC=200"}

// component is a program of the node and where it says that it is well.
type component struct {
	process.Program
	// health is a URL that answers 200, or the path of a socket that accepts.
	health string
}

func (l Layout) etcd() component {
	return component{process.Program{Name: "etcd", Args: []string{
		l.Bin("etcd"),
		"--name=" + Name, "--data-dir=" + l.State + "/etcd",
		"--unsafe-no-fsync", // a throw-away node outlives no power failure
		"--listen-client-urls=" + etcdURL, "--advertise-client-urls=" + etcdURL,
		"--listen-peer-urls=http://127.0.0.1:0", "--listen-metrics-urls=http://127.0.0.1:2381",
		"--client-cert-auth", "--trusted-ca-file=" + l.PKI("etcd-ca.crt"),
		"--cert-file=" + l.PKI("etcd.crt"), "--key-file=" + l.PKI("etcd.key"),
		"--log-level=warn",
	}}, "http://127.0.0.1:2381/health"}
}

func (l Layout) containerd() component {
	return component{process.Program{
		Name: "containerd",
		Args: []string{l.Bin("containerd"), "--config", l.Config("containerd.toml")},
		Env:  []string{"PATH=" + l.Dist + "/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	}, l.ContainerdSocket()}
}

func (l Layout) apiServer() component {
	return component{process.Program{Name: "kube-apiserver", Env: rareGC, Args: []string{
		l.Bin("kube"), "kube-apiserver",
		"--bind-address=" + sandbox.NodeIP, "--advertise-address=" + sandbox.NodeIP,
		"--etcd-servers=" + etcdURL, "--etcd-cafile=" + l.PKI("etcd-ca.crt"),
		"--etcd-certfile=" + l.PKI("etcd-client.crt"), "--etcd-keyfile=" + l.PKI("etcd-client.key"),
		"--client-ca-file=" + l.PKI("ca.crt"), "--anonymous-auth=false",
		"--tls-cert-file=" + l.PKI("kube-apiserver.crt"), "--tls-private-key-file=" + l.PKI("kube-apiserver.key"),
		"--kubelet-certificate-authority=" + l.PKI("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate=" + l.PKI("kubelet-client.crt"), "--kubelet-client-key=" + l.PKI("kubelet-client.key"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=" + l.PKI("sa.pub"),
		"--service-account-signing-key-file=" + l.PKI("sa.key"),
		"--service-cluster-ip-range=" + sandbox.ServiceCIDR, "--allow-privileged",
		"--max-requests-inflight=4000", "--max-mutating-requests-inflight=2000",
	}}, Server + "/readyz"}
}

func (l Layout) controllerManager() component {
	return component{process.Program{Name: "kube-controller-manager", Env: rareGC, Args: append([]string{
		l.Bin("kube"), "kube-controller-manager",
		"--bind-address=127.0.0.1", "--leader-elect=false", "--use-service-account-credentials",
		"--root-ca-file=" + l.PKI("ca.crt"), "--service-account-private-key-file=" + l.PKI("sa.key"),
		"--kube-api-qps=300", "--kube-api-burst=500",
		"--concurrent-deployment-syncs=20", "--concurrent-replicaset-syncs=20", "--concurrent-service-endpoint-syncs=20",
		"--flex-volume-plugin-dir=" + l.VolumePlugins(),
	}, l.client("kube-controller-manager")...)}, "https://localhost:10257/healthz"}
}

// scheduler sends one request to bind a pod, so its rate is that of instances to
// start: after the first forty, what two processors can do. Hundreds that start
// at once take far longer than the same ones after one another, because container
// runtimes queue up at the kernel's list of mounts (see tuning.md).
func (l Layout) scheduler() component {
	startsPerSecond := 0.7 * float64(runtime.NumCPU())
	return component{process.Program{Name: "kube-scheduler", Args: append([]string{
		l.Bin("kube"), "kube-scheduler", "--bind-address=127.0.0.1", "--leader-elect=false",
		fmt.Sprintf("--kube-api-qps=%g", startsPerSecond), "--kube-api-burst=40",
	}, l.client("kube-scheduler")...)}, "https://localhost:10259/healthz"}
}

// client are the flags of a component that serves and calls the API server.
func (l Layout) client(name string) []string {
	kubeconfig := l.ComponentKubeconfig(name)
	return []string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--tls-cert-file=" + l.PKI("localhost.crt"), "--tls-private-key-file=" + l.PKI("localhost.key"),
	}
}

func (l Layout) kubelet() component {
	return component{process.Program{Name: "kubelet", Env: rareGC, Args: []string{
		l.Bin("kube"), "kubelet",
		"--config=" + l.Config("kubelet.yaml"), "--kubeconfig=" + l.ComponentKubeconfig("kubelet"),
		"--hostname-override=" + Name, "--node-ip=" + sandbox.NodeIP, "--root-dir=" + l.State + "/kubelet",
		// Each look at every cgroup costs a kubelet with hundreds of pods a third of its time.
		"--housekeeping-interval=1m",
	}}, "http://127.0.0.1:10248/healthz"}
}

func (l Layout) proxy() component {
	return component{process.Program{Name: "kube-proxy", Args: []string{
		l.Bin("kube"), "kube-proxy", "--config=" + l.Config("kube-proxy.yaml"),
	}}, "http://127.0.0.1:10256/healthz"}
}

// components are all programs in the order of their start.
func (l Layout) components() []component {
	return []component{
		l.etcd(), l.containerd(), l.apiServer(), l.controllerManager(), l.scheduler(), l.kubelet(), l.proxy(),
	}
}

// workload is a component that runs as a pod.
type workload struct{ Namespace, Name string }

var workloads = []workload{
	{"kube-system", "coredns"},
	{"knative-serving", "activator"},
	{"knative-serving", "autoscaler"},
	{"knative-serving", "controller"},
	{"knative-serving", "webhook"},
	{"traefik", "traefik"},
}

// ComponentNames are the names that Logs takes.
func ComponentNames() string {
	names := []string{"supervisor"}
	for _, c := range (Layout{}).components() {
		names = append(names, c.Name)
	}
	for _, w := range workloads {
		names = append(names, w.Name)
	}
	return strings.Join(names, ", ")
}
