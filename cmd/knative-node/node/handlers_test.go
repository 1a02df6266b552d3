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
)

// layoutWithHandlers has the files of all handlers that want accepts. Each program
// answers --version.
func layoutWithHandlers(t *testing.T, want func(Handler) bool) Layout {
	t.Helper()
	l := Layout{State: t.TempDir(), Dist: t.TempDir()}
	for _, h := range l.allHandlers() {
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

func anyHandler(Handler) bool { return true }

// containerdRuntime is what containerd reads about one handler.
type containerdRuntime struct {
	RuntimeType string            `toml:"runtime_type"`
	Options     map[string]string `toml:"options"`
}

// containerdRuntimes renders containerd's configuration and reads the handlers back.
func containerdRuntimes(t *testing.T, l Layout) map[string]containerdRuntime {
	t.Helper()
	path := l.config("containerd.toml")
	if err := writeConfig("containerd.toml", path, l.configValues()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
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
	if got, want := slices.Sorted(maps.Keys(runtimes)), slices.Sorted(slices.Values(AllHandlerNames())); !slices.Equal(got, want) {
		t.Errorf("containerd has the handlers %v, want %v", got, want)
	}
	for _, h := range l.allHandlers() {
		t.Run(h.Name, func(t *testing.T) {
			want := containerdRuntime{RuntimeType: h.RuntimeType, Options: h.Options}
			if diff := cmp.Diff(want, runtimes[h.Name]); diff != "" {
				t.Errorf("containerd's configuration: %s", diff)
			}
			version, err := h.version(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			class := h.runtimeClass(version)
			if class.Name != h.Name || class.Handler != h.Name || class.Annotations["kn-coldstart.dev/handler-version"] != "1.2.3" {
				t.Errorf("RuntimeClass %+v", class)
			}
		})
	}
}

// TestHandlersOfContainerd pins what containerd needs of the handlers that the node has
// today: which program it starts for each.
func TestHandlersOfContainerd(t *testing.T) {
	l := layoutWithHandlers(t, anyHandler)
	want := map[string]containerdRuntime{
		"runc":   {RuntimeType: "io.containerd.runc.v2", Options: map[string]string{"BinaryName": l.Dist + "/bin/runc"}},
		"crun":   {RuntimeType: "io.containerd.runc.v2", Options: map[string]string{"BinaryName": l.Dist + "/crun/crun"}},
		"gvisor": {RuntimeType: "io.containerd.runsc.v1"},
	}
	if diff := cmp.Diff(want, containerdRuntimes(t, l)); diff != "" {
		t.Error(diff)
	}
}

// TestHandlersThatTheBuildHas builds the node without its optional handlers.
func TestHandlersThatTheBuildHas(t *testing.T) {
	l := layoutWithHandlers(t, func(h Handler) bool { return !h.optional })
	if diff := cmp.Diff([]string{"runc"}, l.HandlerNames()); diff != "" {
		t.Error(diff)
	}
	if runtimes := containerdRuntimes(t, l); len(runtimes) != 1 {
		t.Errorf("containerd has handlers that the build lacks: %v", runtimes)
	}
	l = layoutWithHandlers(t, anyHandler)
	if diff := cmp.Diff([]string{"runc", "crun", "gvisor"}, l.HandlerNames()); diff != "" {
		t.Error(diff)
	}
	for _, h := range l.allHandlers() {
		if h.Shim == "" {
			continue
		}
		if err := os.Remove(h.Shim); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(l.HandlerNames(), h.Name) {
			t.Errorf("the node has %s without its shim", h.Name)
		}
	}
}

func TestHandlerVersionFails(t *testing.T) {
	program := filepath.Join(t.TempDir(), "broken")
	writeProgram(t, program, "exit 3")
	h := Handler{Name: "broken", Program: program, parseVersion: afterVersion}
	_, err := h.version(t.Context())
	if err == nil || !strings.Contains(err.Error(), "handler broken") || !strings.Contains(err.Error(), program) {
		t.Errorf("the error does not name the handler and its program: %v", err)
	}
}

func TestAfterVersion(t *testing.T) {
	for _, c := range []struct{ name, output, want string }{
		{"several lines", "runc version 1.5.2\nspec: 1.3.0\n", "1.5.2"},
		{"a word before the number", "runsc version release-20260101.0", "release-20260101.0"},
		{"no version", "something else\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := afterVersion(c.output); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
