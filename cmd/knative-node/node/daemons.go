package node

import (
	"fmt"
	"runtime"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/process"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// etcdURL names a socket instead of an address. All that is stored goes through it, and
// without TLS that takes etcd and the API server less time.
const etcdURL = "unix://" + etcdSocket

// rareGC makes garbage collections rarer in the daemons that read and write the most
// objects. It costs memory and saves processor time (see tuning.md).
var rareGC = []string{"GOGC=200"}

// daemon is a component that runs as a process of the sandbox.
type daemon struct {
	process.Program
	// healthEndpoint is a URL that answers 200, or the path of a socket that takes
	// connections, when the daemon is healthy.
	healthEndpoint string
}

func (l Layout) etcd() daemon {
	return daemon{process.Program{Name: "etcd", Args: []string{
		l.Bin("etcd"),
		"--name=" + nodeName, "--data-dir=" + l.State + "/etcd",
		"--unsafe-no-fsync", // a node never survives a power failure
		"--listen-client-urls=" + etcdURL, "--advertise-client-urls=" + etcdURL,
		"--listen-peer-urls=http://127.0.0.1:0", "--listen-metrics-urls=http://127.0.0.1:2381",
		"--log-level=warn",
	}}, "http://127.0.0.1:2381/health"}
}

func (l Layout) containerd() daemon {
	return daemon{process.Program{
		Name: "containerd",
		Args: []string{l.Bin("containerd"), "--config", l.config("containerd.toml")},
		Env:  []string{"PATH=" + l.Dist + "/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	}, l.ContainerdSocket()}
}

func (l Layout) apiServer() daemon {
	return daemon{process.Program{Name: "kube-apiserver", Env: rareGC, Args: []string{
		l.Bin("kube"), "kube-apiserver",
		"--bind-address=" + sandbox.NodeIP, "--advertise-address=" + sandbox.NodeIP,
		"--etcd-servers=" + etcdURL,
		"--client-ca-file=" + l.PKI("ca.crt"), "--anonymous-auth=false",
		"--tls-cert-file=" + l.PKI("kube-apiserver.crt"), "--tls-private-key-file=" + l.PKI("kube-apiserver.key"),
		"--kubelet-certificate-authority=" + l.PKI("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate=" + l.PKI("kubelet-client.crt"), "--kubelet-client-key=" + l.PKI("kubelet-client.key"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=" + l.PKI("sa.pub"),
		"--service-account-signing-key-file=" + l.PKI("sa.key"),
		"--service-cluster-ip-range=" + sandbox.ServiceCIDR, "--allow-privileged",
		"--max-requests-inflight=4000", "--max-mutating-requests-inflight=2000",
	}}, apiServerURL + "/readyz"}
}

func (l Layout) controllerManager() daemon {
	return daemon{process.Program{Name: "kube-controller-manager", Env: rareGC, Args: append([]string{
		l.Bin("kube"), "kube-controller-manager",
		"--bind-address=127.0.0.1", "--leader-elect=false", "--use-service-account-credentials",
		"--root-ca-file=" + l.PKI("ca.crt"), "--service-account-private-key-file=" + l.PKI("sa.key"),
		"--kube-api-qps=300", "--kube-api-burst=500",
		"--concurrent-deployment-syncs=20", "--concurrent-replicaset-syncs=20", "--concurrent-service-endpoint-syncs=20",
		"--flex-volume-plugin-dir=" + l.VolumePlugins(),
	}, l.clientFlags("kube-controller-manager")...)}, "https://localhost:10257/healthz"}
}

// scheduler sends one request for each pod that it binds to the node, so its limit on
// requests is a limit on how many instances start: forty at once, then as many a second
// as the processors can start. Hundreds of instances that start at once take far longer
// than the same instances one after another, because the container runtimes wait for
// each other at the kernel's list of mounts (see tuning.md).
func (l Layout) scheduler() daemon {
	startsPerSecond := 0.7 * float64(runtime.NumCPU())
	return daemon{process.Program{Name: "kube-scheduler", Args: append([]string{
		l.Bin("kube"), "kube-scheduler", "--bind-address=127.0.0.1", "--leader-elect=false",
		fmt.Sprintf("--kube-api-qps=%g", startsPerSecond), "--kube-api-burst=40",
	}, l.clientFlags("kube-scheduler")...)}, "https://localhost:10259/healthz"}
}

// clientFlags are the flags of a daemon that calls the API server and has an HTTPS server
// of its own.
func (l Layout) clientFlags(name string) []string {
	kubeconfig := l.DaemonKubeconfig(name)
	return []string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--tls-cert-file=" + l.PKI("localhost.crt"), "--tls-private-key-file=" + l.PKI("localhost.key"),
	}
}

func (l Layout) kubelet() daemon {
	return daemon{process.Program{Name: "kubelet", Env: rareGC, Args: []string{
		l.Bin("kube"), "kubelet",
		"--config=" + l.config("kubelet.yaml"), "--kubeconfig=" + l.DaemonKubeconfig("kubelet"),
		"--hostname-override=" + nodeName, "--node-ip=" + sandbox.NodeIP, "--root-dir=" + l.State + "/kubelet",
		// With hundreds of pods, looking at every cgroup takes a third of the kubelet's
		// time, if it is done as often as by default.
		"--housekeeping-interval=1m",
	}}, "http://127.0.0.1:10248/healthz"}
}

func (l Layout) proxy() daemon {
	return daemon{process.Program{Name: "kube-proxy", Args: []string{
		l.Bin("kube"), "kube-proxy", "--config=" + l.config("kube-proxy.yaml"),
	}}, "http://127.0.0.1:10256/healthz"}
}

// daemons are all daemons, in the order of their start.
func (l Layout) daemons() []daemon {
	return []daemon{
		l.etcd(), l.containerd(), l.apiServer(), l.controllerManager(), l.scheduler(), l.kubelet(), l.proxy(),
	}
}

// workload is a component that runs as a pod. Its Deployment, its container, the label
// "app" of its pods and its program all have its name.
type workload struct{ namespace, name string }

var (
	coreDNS    = workload{"kube-system", "coredns"}
	activator  = workload{"knative-serving", "activator"}
	autoscaler = workload{"knative-serving", "autoscaler"}
)

var workloads = []workload{
	coreDNS,
	activator,
	autoscaler,
	{"knative-serving", "controller"},
	{"knative-serving", "webhook"},
	{"traefik", "traefik"},
}

// supervisor is the name of the component that starts all others.
const supervisor = "supervisor"

// ComponentNames are the names of all components, as LogFiles takes them.
func ComponentNames() []string {
	all := []string{supervisor}
	for _, d := range (Layout{}).daemons() {
		all = append(all, d.Name)
	}
	for _, w := range workloads {
		all = append(all, w.name)
	}
	return all
}
