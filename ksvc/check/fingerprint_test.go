package check

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/version"
	fakediscovery "k8s.io/client-go/discovery/fake"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/host"
	"github.com/kn-coldstart/kn-coldstart/ksvc/ingress"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

func newNode(name, kernel, boot string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	n.Status.NodeInfo = corev1.NodeSystemInfo{
		ContainerRuntimeVersion: "containerd://2.4.2", KernelVersion: kernel, OSImage: "Debian", Architecture: "amd64", BootID: boot,
	}
	n.Status.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("1Gi")}
	return n
}

// newFakes are fakes that hold Knative's ConfigMaps and further objects.
func newFakes(configs map[string]map[string]string, objects ...runtime.Object) *ksvctest.Fakes {
	for name, data := range configs {
		objects = append(objects, ksvctest.NewConfigMap(name, data))
	}
	return ksvctest.NewFakes(objects...)
}

func TestFingerprint(t *testing.T) {
	knative := func(name, version string) *appsv1.Deployment {
		return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ksvc.SystemNamespace, Labels: map[string]string{labelVersion: version}}}
	}
	f := newFakes(newBench(t).configs,
		newNode("a", "6.1", "boot-a"), newNode("b", "6.2", "boot-b"),
		knative("activator", "1.50.0"), knative("webhook", "1.50.0"), knative("net-kourier-controller", "1.49.1"),
		&nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "runc", Annotations: map[string]string{annotationHandlerVersion: "1.5.2"}}, Handler: "runc"},
		&nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "gvisor"}, Handler: "runsc"},
		&nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "pr", Annotations: map[string]string{
			annotationHandlerVersion: "1.6", annotationHandlerChecksums: "program=sha256:ab", annotationHandlerSettings: "env=GOGC=off"}}, Handler: "pr"},
	)
	f.Kube.Discovery().(*fakediscovery.FakeDiscovery).FakedServerVersion = &version.Info{GitVersion: "v1.36.3"}
	r := newReader(f.Client, record.Needs{})
	r.ingress = once[ingress.Ingress]{read: true, value: ingress.Ingress{Class: "kourier", Service: "kourier-system/kourier", Address: "10.0.0.1:80"}}
	got, err := r.fingerprint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := record.Fingerprint{
		Kubernetes: "v1.36.3", Knative: "1.50.0", IngressClass: "kourier", Ingress: "kourier-system/kourier",
		ContainerRuntime: "containerd://2.4.2", Kernel: "6.1, 6.2", OS: "Debian", Architecture: "amd64",
		CPUs: 4, MemoryBytes: 2 << 30, Nodes: 2, Handlers: []string{"gvisor=runsc", "pr=pr 1.6 program=sha256:ab env=GOGC=off", "runc=runc 1.5.2"},
		KnativeSettings: map[string]string{"config-autoscaler/scale-to-zero-grace-period": "1s"}, Activator: "replicas=1",
		LimitRanges: []string{}, ResourceQuotas: []string{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fingerprint (-want +got):\n%s", diff)
	}
}

func TestHost(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	root := fstest.MapFS{
		"etc/machine-id":                 file("abc\n"),
		"proc/sys/kernel/random/boot_id": file("boot-a\n"),
		"proc/cpuinfo":                   file("processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n\nprocessor\t: 1\nmodel name\t: Other\n"),
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": file("performance\n"),
		"sys/devices/system/cpu/intel_pstate/no_turbo":         file("1\n"),
	}
	known := record.Fingerprint{CPUModel: "Some CPU @ 3 GHz", Governor: "performance", Boost: "off"}
	cloned := *newNode("b", "6.1", "boot-b")
	cloned.Status.NodeInfo.MachineID = "abc"
	noBoot := *newNode("c", "6.1", "")
	noBoot.Status.NodeInfo.MachineID = "abc"
	tests := []struct {
		name  string
		nodes []corev1.Node
		want  record.Fingerprint
	}{
		{"this host", []corev1.Node{*newNode("a", "6.1", "boot-a")}, known},
		{"a clone of its disk", []corev1.Node{cloned}, record.Fingerprint{}},
		{"no boot id, same machine id", []corev1.Node{noBoot}, known},
		{"one of several", []corev1.Node{*newNode("a", "6.1", "boot-a"), cloned}, record.Fingerprint{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got record.Fingerprint
			describeHost(&got, host.Read(root), test.nodes)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("fingerprint (-want +got):\n%s", diff)
			}
		})
	}
	if h := host.Read(fstest.MapFS{}); h != (host.Host{}) {
		t.Errorf("an unreadable host is %+v, want nothing known", h)
	}
}
