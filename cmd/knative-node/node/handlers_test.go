package node

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
)

// layoutWithHandlers has the files of all handlers that want accepts. Each program
// answers --version.
func layoutWithHandlers(t *testing.T, want func(handler.Handler) bool) Layout {
	t.Helper()
	l := Layout{State: t.TempDir(), Dist: t.TempDir()}
	for _, h := range l.ownHandlers() {
		if !want(h) {
			continue
		}
		writeProgram(t, h.Program, "echo "+h.Name+" version 1.2.3")
		if h.Shim != "" {
			writeProgram(t, h.Shim, "exit 1")
		}
	}
	return l
}

func writeProgram(t *testing.T, path, script string) {
	t.Helper()
	writeFile(t, path, "#!/bin/sh\n[ \"$1\" = --version ] || exit 2\n"+script+"\n")
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

func anyHandler(handler.Handler) bool { return true }

// containerdRuntime is what containerd reads about one handler.
type containerdRuntime struct {
	RuntimeType          string         `toml:"runtime_type"`
	RuntimePath          string         `toml:"runtime_path"`
	Snapshotter          string         `toml:"snapshotter"`
	PodAnnotations       []string       `toml:"pod_annotations"`
	ContainerAnnotations []string       `toml:"container_annotations"`
	Options              map[string]any `toml:"options"`
}

// containerdRuntimes renders containerd's configuration and reads the handlers back.
func containerdRuntimes(t *testing.T, l Layout) map[string]containerdRuntime {
	t.Helper()
	if err := l.writeContainerdConfig(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(l.config("containerd.toml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Plugins map[string]struct {
			Containerd struct {
				DefaultRuntimeName string                       `toml:"default_runtime_name"`
				Runtimes           map[string]containerdRuntime `toml:"runtimes"`
			} `toml:"containerd"`
		} `toml:"plugins"`
	}
	if err := toml.Unmarshal(text, &config); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	containerd := config.Plugins["io.containerd.cri.v1.runtime"].Containerd
	if _, ok := containerd.Runtimes[containerd.DefaultRuntimeName]; !ok {
		t.Errorf("the default runtime %q is not configured", containerd.DefaultRuntimeName)
	}
	return containerd.Runtimes
}

// TestEachHandler follows each row of the table into everything that is made from it.
func TestEachHandler(t *testing.T) {
	l := layoutWithHandlers(t, anyHandler)
	runtimes := containerdRuntimes(t, l)
	if got, want := slices.Sorted(maps.Keys(runtimes)), slices.Sorted(slices.Values(OwnHandlerNames())); !slices.Equal(got, want) {
		t.Errorf("containerd has the handlers %v, want %v", got, want)
	}
	client := fake.NewClientset()
	if err := createRuntimeClasses(t.Context(), client, l.ownHandlers()); err != nil {
		t.Fatal(err)
	}
	for _, h := range l.ownHandlers() {
		class, err := client.NodeV1().RuntimeClasses().Get(t.Context(), h.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if class.Handler != h.Name || class.Annotations["kn-coldstart.dev/handler-version"] != "1.2.3" {
			t.Errorf("RuntimeClass %+v", class)
		}
	}
}

// TestHandlersOfContainerd pins what containerd needs of the handlers that the node has
// today: which program it starts for each.
func TestHandlersOfContainerd(t *testing.T) {
	l := layoutWithHandlers(t, anyHandler)
	want := map[string]containerdRuntime{
		"runc":   {RuntimeType: "io.containerd.runc.v2", Options: map[string]any{"BinaryName": l.Dist + "/bin/runc"}},
		"crun":   {RuntimeType: "io.containerd.runc.v2", Options: map[string]any{"BinaryName": l.Dist + "/crun/crun"}},
		"gvisor": {RuntimeType: "io.containerd.runsc.v1", RuntimePath: l.Dist + "/bin/containerd-shim-runsc-v1"},
		"wasmedge": {
			RuntimeType: "io.containerd.runc.v2", PodAnnotations: []string{"module.wasm.image/*"},
			Options: map[string]any{"BinaryName": l.Dist + "/wasmedge/crun"},
		},
	}
	if diff := cmp.Diff(want, containerdRuntimes(t, l)); diff != "" {
		t.Error(diff)
	}
}

// TestUserHandlers follows handlers of the user into the list, containerd's configuration
// and the names of the RuntimeClasses.
func TestUserHandlers(t *testing.T) {
	l := layoutWithHandlers(t, anyHandler)
	program, options := filepath.Join(t.TempDir(), "runtime"), filepath.Join(t.TempDir(), "its.toml")
	writeProgram(t, program, "echo mine version 7")
	writeFile(t, options, "SystemdCgroup = true\nIoUid = 1000\n")
	handlers, err := ParseHandlers("mine="+program+",options="+options,
		`own=`+program+`,type=io.containerd.own.v2,options=`+options+`,snapshotter=native,pod-annotation=a.b/*,"container-annotation=it's ""x"""`)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.installHandlers(t.Context(), handlers, func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	folder := l.State + "/handlers"
	want := map[string]containerdRuntime{
		"mine": {RuntimeType: "io.containerd.runc.v2", Options: map[string]any{"BinaryName": folder + "/mine/runtime", "SystemdCgroup": true, "IoUid": int64(1000)}},
		"own": {
			RuntimeType: "io.containerd.own.v2", RuntimePath: folder + "/own/runtime", Snapshotter: "native",
			PodAnnotations: []string{"a.b/*"}, ContainerAnnotations: []string{`it's "x"`},
			Options: map[string]any{"ConfigPath": folder + "/own/its.toml", "TypeUrl": "io.containerd.own.v2.options"},
		},
	}
	runtimes := containerdRuntimes(t, l)
	for _, own := range OwnHandlerNames() {
		delete(runtimes, own)
	}
	if diff := cmp.Diff(want, runtimes); diff != "" {
		t.Error(diff)
	}
	names, err := l.HandlerNames()
	if diff := cmp.Diff([]string{"runc", "crun", "gvisor", "wasmedge", "mine", "own"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := ParseHandlers("crun=" + program); err == nil || !strings.Contains(err.Error(), "crun is a handler of the node itself") {
		t.Errorf("a name of the node's own: %v", err)
	}
}

// TestHandlersThatTheBuildHas builds the node without its optional handlers.
func TestHandlersThatTheBuildHas(t *testing.T) {
	l := layoutWithHandlers(t, func(h handler.Handler) bool { return !h.Optional && !h.OnDemand })
	wantHandlers(t, l, "runc")
	if runtimes := containerdRuntimes(t, l); len(runtimes) != 1 {
		t.Errorf("containerd has handlers that the build lacks: %v", runtimes)
	}
	l = layoutWithHandlers(t, anyHandler)
	wantHandlers(t, l, "runc", "crun", "gvisor", "wasmedge")
	if err := os.Remove(l.Bin("containerd-shim-runsc-v1")); err != nil {
		t.Fatal(err)
	}
	wantHandlers(t, l, "runc", "crun", "wasmedge")
}

// TestWhatTheBuildLacks tells of each handler that is missing, but for those that a build
// has only if it was asked for them.
func TestWhatTheBuildLacks(t *testing.T) {
	fatal := map[string]bool{}
	for _, f := range checkHandlers(Layout{Dist: t.TempDir()}) {
		fatal[strings.Fields(strings.TrimPrefix(f.Problem, "there will be no RuntimeClass "))[0]] = f.Fatal
	}
	if diff := cmp.Diff(map[string]bool{"runc:": true, "crun:": false, "gvisor:": false}, fatal); diff != "" {
		t.Error(diff)
	}
}

func wantHandlers(t *testing.T, l Layout, want ...string) {
	t.Helper()
	names, err := l.HandlerNames()
	if diff := cmp.Diff(want, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// TestVersionOfWasmEdge reads it from the list of the packages that were installed.
func TestVersionOfWasmEdge(t *testing.T) {
	l := layoutWithHandlers(t, anyHandler)
	writeFile(t, filepath.Join(l.Dist, "wasmedge", "packages"), "crun 1.21-1 amd64 f00d\nlibc6 2.41 amd64 f00d\nlibwasmedge0 0.14.1-3 amd64 f00d\n")
	client := fake.NewClientset()
	if err := createRuntimeClasses(t.Context(), client, l.ownHandlers()); err != nil {
		t.Fatal(err)
	}
	class, err := client.NodeV1().RuntimeClasses().Get(t.Context(), "wasmedge", metav1.GetOptions{})
	if err != nil || class.Annotations["kn-coldstart.dev/handler-version"] != "crun-1.21-1,libwasmedge0-0.14.1-3" {
		t.Errorf("RuntimeClass %+v, error %v", class, err)
	}
}

func TestVersionOfRuntimeClassFails(t *testing.T) {
	program := filepath.Join(t.TempDir(), "broken")
	writeProgram(t, program, "exit 3")
	err := createRuntimeClasses(t.Context(), fake.NewClientset(), []handler.Handler{{Name: "broken", Program: program}})
	if err == nil || !strings.Contains(err.Error(), "handler broken") || !strings.Contains(err.Error(), program) {
		t.Errorf("the error does not name the handler and its program: %v", err)
	}
}
