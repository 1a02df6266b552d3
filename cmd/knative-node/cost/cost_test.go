package cost

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	runcoptions "github.com/containerd/containerd/api/types/runc/options"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
)

func TestDescribe(t *testing.T) {
	folder := t.TempDir()
	program, shim := filepath.Join(folder, "program"), filepath.Join(folder, "shim")
	for path, text := range map[string]string{program: "#!/bin/sh\necho program version 7\n", shim: "a shim"} {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c, err := describe(t.Context(), handler.Handler{Name: "x", RuntimeType: handler.RuncShim, Program: program}, shim)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]File{{program, 33}, {shim, 6}}, c.Files); diff != "" {
		t.Error(diff)
	}
	if c.Version != "7" || len(c.Needs) == 0 || Bytes(c.Files) != 39 {
		t.Errorf("%+v", c)
	}
	// The shell runs the script, and has a loader or libraries of its own unless it is static.
	if i := slices.IndexFunc(c.Libraries, func(f File) bool { return f.Path == "/bin/sh" }); i < 0 || c.Libraries[i].Bytes == 0 {
		t.Errorf("libraries %+v", c.Libraries)
	}
	if _, err := describe(t.Context(), handler.Handler{Name: "x", Program: folder + "/nosuch"}, shim); err == nil {
		t.Error("a program that is not there has a version")
	}
}

func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var done []int
		took, err := together([]int{3, 1, 2, 9}, func(n int) (func(), error) {
			time.Sleep(time.Duration(n) * time.Second)
			if n == 9 {
				return nil, errors.New("nine")
			}
			return func() { done = append(done, n) }, nil
		})
		if want := []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}; !slices.Equal(took, want) {
			t.Errorf("took %v, want %v", took, want)
		}
		if !slices.Equal(done, []int{1, 2, 3}) || err == nil || err.Error() != "nine" {
			t.Errorf("done %v, error %v", done, err)
		}
	})
}

// fakeMachine has that many bytes of memory.
type fakeMachine int64

func (fakeMachine) Processes(...string) ([]Process, error) { return nil, nil }
func (fakeMachine) Kill(...string) error                   { return nil }
func (fakeMachine) RemoveGroups(string) error              { return nil }
func (m fakeMachine) AvailableMemory() (int64, error) {
	if m == 0 {
		return 0, errors.New("unknown")
	}
	return int64(m), nil
}

func TestWhatDoesNotFitIsNotStarted(t *testing.T) {
	for _, c := range []struct {
		available fakeMachine
		want      string
	}{
		{100 << 20, "not tried: they would take up to 90 MiB of memory, and 100 MiB are available"},
		{0, "unknown"},
	} {
		m := measurement{machine: c.available} // without a containerd: nothing may be started
		starts, err := m.atOnce(context.Background(), handler.Handler{}, 9, 10<<20)
		if err != nil || starts.Error != c.want || starts.Count != 9 || len(starts.Start) != 0 {
			t.Errorf("%v: %+v, %v", c.available, starts, err)
		}
	}
	if err := (&measurement{machine: fakeMachine(100)}).mustFit(80); err != nil {
		t.Error(err)
	}
}

// machineFor tells when something is asked of it.
type machineFor struct {
	fakeMachine
	tell func(what string)
}

func (m machineFor) Processes(...string) ([]Process, error) {
	m.tell("processes")
	return nil, nil
}

func (m machineFor) RemoveGroups(string) error {
	m.tell("groups are removed")
	return nil
}

func TestMemoryIsReadWhenInstancesHaveSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, after := time.Now(), time.Duration(0)
		m := measurement{machine: machineFor{1, func(string) { after = time.Since(began) }}}
		if _, err := m.atOnce(t.Context(), handler.Handler{}, 0, 0); err != nil || after != settle {
			t.Errorf("%v: read after %s, want %s", err, after, settle)
		}
	})
}

// A handler that cannot be described has an error, is not started, and keeps no other from
// being described.
func TestOneIsNotDescribed(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho program version 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	bad, good := handler.Handler{Name: "bad", Program: program + "-of-none"}, handler.Handler{Name: "good", Program: program}
	found, err := describeAll(t.Context(), Options{Handlers: []handler.Handler{bad, good}, RuncShim: program})
	if err != nil || len(found) != 2 {
		t.Fatalf("%v: %+v", err, found)
	}
	if !strings.HasPrefix(found[0].Error, "not tried: ") || found[1].Error != "" || found[1].Version != "7" {
		t.Errorf("%+v", found)
	}
	// Without a containerd: nothing may be started.
	m := measurement{Options: Options{Handlers: []handler.Handler{bad}, Counts: []int{1}, OnProgress: func(string) {}}, found: found[:1]}
	for _, part := range []func(context.Context) error{m.idle, m.inTurn, m.allAtOnce} {
		if err := part(t.Context()); err != nil {
			t.Error(err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := describeAll(ended, Options{Handlers: []handler.Handler{good}}); !errors.Is(err, context.Canceled) {
		t.Errorf("after Ctrl-C: %v", err)
	}
}

// emptyContainerd is the socket of a containerd that has nothing.
func emptyContainerd(t *testing.T) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		if method, _ := grpc.MethodFromServerStream(stream); strings.HasSuffix(method, "Stream") {
			return nil // the list has no elements
		}
		return stream.SendMsg(&runcoptions.Options{}) // an empty message is one of every type
	}))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return socket
}

// What an earlier measurement left is removed before anything is started, and what is
// started is removed at the end.
func TestMeasureClearsBeforeAndAfter(t *testing.T) {
	var did []string
	tell := func(what string) { did = append(did, what) }
	_, err := Measure(t.Context(), machineFor{1, tell}, Options{Socket: emptyContainerd(t), Idle: []string{"/nosuch"}, OnProgress: tell})
	if err == nil || !strings.Contains(err.Error(), "/nosuch") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"groups are removed", "removing what was started", "groups are removed"}, did); diff != "" {
		t.Error(diff)
	}
}

// Processes are told by what mentions an ID, so that none may be a part of another.
func TestNoIDIsPartOfAnother(t *testing.T) {
	var m measurement
	var ids []string
	for range 120 {
		for _, name := range []string{"runc", "runc-1", "c"} {
			ids = append(ids, m.id(handler.Handler{Name: name}))
		}
	}
	for i, a := range ids {
		for j, b := range ids {
			if i != j && strings.Contains(a, b) {
				t.Fatalf("%s has %s in it", a, b)
			}
		}
	}
}

func TestOptionsOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "o.toml")
	if err := os.WriteFile(file, []byte("Root = '/r'\nIoUid = 1000\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		h    handler.Handler
		want string
	}{
		{handler.Handler{RuntimeType: handler.RuncShim, Program: "/p", OptionsFile: file}, `io_uid:1000  binary_name:"/p"  root:"/r"`},
		{handler.Handler{RuntimeType: "io.containerd.x.v1", Shim: "/s", OptionsFile: "/o"}, `type_url:"io.containerd.x.v1.options"  config_path:"/o"`},
	} {
		got, err := optionsOf(c.h)
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(strings.Fields(got.(interface{ String() string }).String()), "  "); text != c.want {
			t.Errorf("got %s, want %s", text, c.want)
		}
	}
	if got, err := optionsOf(handler.Handler{RuntimeType: "io.containerd.x.v1", Shim: "/s"}); got != nil || err != nil {
		t.Errorf("without options: %v, %v", got, err)
	}
}
