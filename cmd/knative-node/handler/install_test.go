package handler

import (
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const runcShimPath = "/nosuch/containerd-shim-runc-v2"

// install parses and installs a handler into a new folder.
func install(t *testing.T, text string) (Handler, string, error) {
	t.Helper()
	h, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "handlers", h.Name)
	h, err = h.Install(t.Context(), folder, runcShimPath)
	return h, folder, err
}

func sum(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(text))
}

// The copies are used, whatever happens to the user's files afterwards.
func TestInstall(t *testing.T) {
	from := userFiles(t)
	h, folder, err := install(t, "own=shim,type=io.containerd.own.v2,program=runtime,options=runc.toml,overhead-memory=1Mi")
	if err != nil {
		t.Fatal(err)
	}
	if h.Program != folder+"/runtime" || h.Shim != folder+"/shim" || h.OptionsFile != folder+"/runc.toml" {
		t.Errorf("not the copies: %+v", h)
	}
	want := "program=" + sum(t, from+"/runtime") + " shim=" + sum(t, from+"/shim") + " options=" + sum(t, from+"/runc.toml")
	if h.Checksums != want || h.Version != "1.2" {
		t.Errorf("version %q, checksums %q, want %q", h.Version, h.Checksums, want)
	}
	if err := os.Remove(from + "/runtime"); err != nil {
		t.Fatal(err)
	}
	if missing := h.Missing(); missing != nil {
		t.Errorf("missing: %v", missing)
	}
	class := h.RuntimeClass()
	annotations := map[string]string{
		"kn-coldstart.dev/handler-version": "1.2", "kn-coldstart.dev/handler-checksums": want,
		"kn-coldstart.dev/handler-settings": "overhead-memory=1Mi type=io.containerd.own.v2",
	}
	if diff := cmp.Diff(annotations, class.Annotations); diff != "" || class.Handler != "own" || class.Overhead.PodFixed.Memory().Value() != 1<<20 {
		t.Errorf("%s%+v", diff, class)
	}
	file := filepath.Join(t.TempDir(), "handlers.json")
	if err := WriteList(file, []Handler{h}); err != nil {
		t.Fatal(err)
	}
	if list, err := ReadList(file); err != nil || cmp.Diff([]Handler{h}, list) != "" {
		t.Errorf("read back: %v %s", err, cmp.Diff([]Handler{h}, list))
	}
}

// Older shims know only -v. A program like runc has to know --version.
func TestShortQuestion(t *testing.T) {
	folder := userFiles(t)
	script := "#!/bin/sh\n[ \"$1\" = -v ] || { echo unknown flag $1 >&2; exit 2; }\necho 'shim:'\necho '  Version:  1.7.1'\n"
	if err := os.WriteFile(folder+"/old", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if h, _, err := install(t, "x=old,type=io.containerd.x.v2"); err != nil || h.Version != "1.7.1" {
		t.Errorf("%v: version %q", err, h.Version)
	}
	if _, _, err := install(t, "x=old"); err == nil || !strings.Contains(err.Error(), "unknown flag --version") {
		t.Errorf("a program like runc: %v", err)
	}
}

// A shim of containerd has the environment, and finds its program, whatever characters are
// in between.
func TestStarter(t *testing.T) {
	folder := userFiles(t)
	says := "#!/bin/sh\n[ \"$1\" = --version ] && { echo shim version 3; exit; }\nprintf '%s\\n' \"$A|$1|$(command -v runtime)\"\n"
	if err := os.WriteFile(folder+"/shim", []byte(says), 0o755); err != nil {
		t.Fatal(err)
	}
	h, to, err := install(t, `own=shim,type=io.containerd.own.v2,program=runtime,"env=A=it's ""$B"", \c"`)
	if err != nil {
		t.Fatal(err)
	}
	if h.RuntimePath() != to+"/start" {
		t.Fatalf("containerd starts %q", h.RuntimePath())
	}
	out, err := exec.Command(h.RuntimePath(), "an argument").CombinedOutput()
	if want := `it's "$B", \c|an argument|` + to + "/runtime\n"; err != nil || string(out) != want {
		t.Errorf("%v: got %q, want %q", err, out, want)
	}
	if h, _, err = install(t, "x=runtime,env=A=b"); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(h.RuntimePath())
	if err != nil || !strings.HasSuffix(string(script), "exec '"+runcShimPath+"' \"$@\"\n") {
		t.Errorf("%v: %s", err, script)
	}
	if h, _, err = install(t, "x=runtime"); err != nil || h.RuntimePath() != "" {
		t.Errorf("%v: a handler without settings starts %q", err, h.RuntimePath())
	}
}

// What does not run, or does not answer, is refused, and nothing of it stays.
func TestInstallRefuses(t *testing.T) {
	folder := userFiles(t)
	answers := "[ \"$1\" = --version ] && { echo x version 1; exit; }\n"
	for _, c := range []struct{ name, text, want string }{
		{"exits", "#!/bin/sh\necho the config is bad >&2\nexit 1\n", "--version: it ended with exit status 1, and said: the config is bad"},
		{"exits silently", "#!/bin/sh\nexit 4\n", "it ended with exit status 4, and said nothing"},
		{"lacks a library", "#!/bin/sh\necho 'x: error while loading shared libraries: libyajl.so.2' >&2\nexit 127\n", "a library is missing"},
		{"crashes", "#!/bin/sh\nkill -SEGV $$\n", "segmentation fault"},
		{"says nothing", "#!/bin/sh\n", "--version says nothing"},
		{"lacks its interpreter", "#!/nosuch/sh\n", "its interpreter /nosuch/sh is missing"},
		{"is no program", "what is this\n", "exec format error: it is neither a program for Linux nor a script"},
		{"is for another processor", foreignProgram(t), "exec format error: it is for another processor: it is for EM_S390, and this machine is EM_"},
		{"crashes at features only", "#!/bin/sh\n" + answers + "kill -SEGV $$\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(folder+"/bad", []byte(c.text), 0o755); err != nil {
				t.Fatal(err)
			}
			_, to, err := install(t, "bad=bad")
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), "handler bad: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if _, err := os.Stat(to); !os.IsNotExist(err) {
				t.Errorf("its folder stays: %v", err)
			}
		})
	}
}

// foreignProgram is an ELF header of a processor that no machine with a test of this has.
func foreignProgram(t *testing.T) string {
	t.Helper()
	header := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_S390), Version: uint32(elf.EV_CURRENT),
		Ehsize: 64, Phentsize: 56, Shentsize: 64,
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS], header.Ident[elf.EI_DATA] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2MSB)
	header.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	var text strings.Builder
	if err := binary.Write(&text, binary.BigEndian, header); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// A program that hangs is ended with what it has started.
func TestAskHangs(t *testing.T) {
	folder := userFiles(t)
	pidFile := folder + "/pid"
	if err := os.WriteFile(folder+"/hangs", []byte("#!/bin/sh\nsleep 60 &\necho $! >"+pidFile+"\nwait\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := Handler{}.ask(t.Context(), 300*time.Millisecond, folder+"/hangs", "--version")
	if err == nil || !strings.Contains(err.Error(), "hangs --version did not end within 300ms") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	pid, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
	if err == nil && !strings.Contains(string(status), ") Z ") {
		t.Errorf("what it has started still runs: %s", status)
	}
}

// containerd asks whenever it starts. What hangs then would keep it from starting; what
// does not know the question does not.
func TestAskAtStart(t *testing.T) {
	folder := userFiles(t)
	path := folder + "/program"
	for _, h := range []Handler{{Program: path, RuntimeType: RuncShim}, {Shim: path, RuntimeType: "io.containerd.x.v2"}} {
		for script, bad := range map[string]bool{"exit 3": false, "sleep 60": true} {
			script = "#!/bin/sh\ncase $1 in features|-info) " + script + ";; esac\n"
			if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			if err := h.askAtStart(ctx); (err != nil) != bad {
				t.Errorf("%+v, %s: %v", h, script, err)
			}
		}
	}
}

func TestFindVersion(t *testing.T) {
	for _, c := range []struct{ said, want string }{
		{"runc version 1.5.2\nspec: 1.3.0\n", "1.5.2"},
		{"runsc version release-20260101.0\nspec: 1.1.0-rc.1\n", "release-20260101.0"},
		{"containerd-shim-x-v2:\n  Version:  v2.4.2\n  Go version: go1.26\n", "v2.4.2"},
		{"Shim (Golang): id: \"io.containerd.x.v2\", version: 3.2.0, commit: 1\n", "3.2.0"},
		{"\nsomething else\nmore\n", "something else"},
		{"\n", ""},
	} {
		if got := findVersion(c.said); got != c.want {
			t.Errorf("%q: got %q, want %q", c.said, got, c.want)
		}
	}
}

func TestLacks(t *testing.T) {
	root := t.TempDir()
	for path, text := range map[string]string{
		"proc/self/ns/pid": "", "proc/self/cgroup": "", "proc/filesystems": "nodev\toverlay\n", "proc/sys/kernel/osrelease": "6.1\n",
		"proc/sys/kernel/seccomp/actions_avail": "kill trap allow\n", "dev/kvm": "", "sys/module/loaded_one/x": "",
		"lib/modules/6.1/modules.builtin": "kernel/drivers/built-in.ko\n", "lib/modules/6.2/modules.builtin": "kernel/other.ko\n",
	} {
		write(t, filepath.Join(root, path), text)
	}
	for _, c := range []struct {
		name string
		h    Handler
		want []string
	}{
		{"runc", Handler{RuntimeType: RuncShim}, nil},
		{"gVisor", Handler{RuntimeType: "io.containerd.runsc.v1"}, nil},
		{"urunc", Handler{RuntimeType: "io.containerd.urunc.v2"}, nil},
		{"kata", Handler{RuntimeType: "io.containerd.kata.v2"}, []string{"/dev/vhost-vsock: virtual machines"}},
		{"devmapper", Handler{RuntimeType: RuncShim, Snapshotter: "devmapper"}, []string{"/dev/mapper/control: "}},
		{"what the user says", Handler{RuntimeType: RuncShim, UserNeeds: []string{"/dev/kvm", "/dev/sgx", "loaded-one", "built_in", "other"}},
			[]string{"/dev/sgx: the handler is said to need it", "other: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.h.lacks(root)
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			for i := range got {
				if !strings.Contains(got[i], "there is no "+c.want[i]) {
					t.Errorf("got %q, want %q", got[i], c.want[i])
				}
			}
		})
	}
	if got := (Handler{RuntimeType: RuncShim}).lacks(t.TempDir()); len(got) != 4 {
		t.Errorf("a machine without anything lacks %q", got)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLibraries(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"options.toml": "a = 1\n", "script": "#!" + folder + "/shell -e\n", "shell": "not a program"} {
		write(t, filepath.Join(folder, name), text)
	}
	for name, want := range map[string][]string{"options.toml": nil, "script": {folder + "/shell"}} {
		got, err := (Handler{}).Libraries(t.Context(), filepath.Join(folder, name))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestReadList(t *testing.T) {
	folder := t.TempDir()
	write(t, folder+"/libc.so.6", "")
	if err := os.Symlink("libc.so.6", folder+"/libc.so"); err != nil {
		t.Fatal(err)
	}
	got := readList("\tlinux-vdso.so.1 (0x7f)\n\tlibc.so => " + folder + "/libc.so (0x7f)\n\tlibc.so.6 => " + folder + "/libc.so.6 (0x7f)\n\t" +
		folder + "/nosuch.so (0x7f)\n\n\tstatically linked\n")
	if diff := cmp.Diff([]string{folder + "/libc.so.6"}, got); diff != "" {
		t.Error(diff)
	}
}
