package handler

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// files makes a folder with a program, another, and options of each kind.
func userFiles(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, file := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"runtime":         {"#!/bin/sh\necho runtime version 1.2\n", 0o755},
		"shim":            {"#!/bin/sh\necho shim version 3\n", 0o755},
		"start":           {"#!/bin/sh\n", 0o755},
		"other/shim":      {"", 0o644},
		"not-executable":  {"#!/bin/sh\n", 0o644},
		"runc.toml":       {"SystemdCgroup = false\nRoot = '/run/other'\nIoUid = 1000\n", 0o644},
		"binaryName.toml": {"binaryName = '/other'\n", 0o644},
		"unknown.toml":    {"NoSuchOption = 1\n", 0o644},
		"wrongType.toml":  {"SystemdCgroup = 'yes'\n", 0o644},
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file.text), file.mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	return folder
}

func TestParse(t *testing.T) {
	folder := userFiles(t)
	runtime, shim := folder+"/runtime", folder+"/shim"
	for _, c := range []struct {
		text string
		want Handler
	}{
		{"pr=runtime", Handler{Name: "pr", RuntimeType: RuncShim, Program: runtime}},
		{"pr=./runtime,options=runc.toml", Handler{
			Name: "pr", RuntimeType: RuncShim, Program: runtime, OptionsFile: folder + "/runc.toml",
		}},
		{"own=shim,type=io.containerd.own.v2,options=runc.toml,snapshotter=devmapper", Handler{
			Name: "own", RuntimeType: "io.containerd.own.v2", Shim: shim, OptionsFile: folder + "/runc.toml", Snapshotter: "devmapper",
			Settings: "snapshotter=devmapper type=io.containerd.own.v2",
		}},
		{"own=shim,type=io.containerd.own.v2,program=runtime", Handler{
			Name: "own", RuntimeType: "io.containerd.own.v2", Shim: shim, Program: runtime, Settings: "type=io.containerd.own.v2",
		}},
		{`x=runtime,"env=A=1,2",env=B=,pod-annotation=a/*,pod-annotation=b,container-annotation=c`, Handler{
			Name: "x", RuntimeType: RuncShim, Program: runtime, Env: []string{"A=1,2", "B="},
			PodAnnotations: []string{"a/*", "b"}, ContainerAnnotations: []string{"c"},
			Settings: "container-annotation=c env=A=1,2 env=B= pod-annotation=a/* pod-annotation=b",
		}},
		{"x=runtime,needs=/dev/kvm,needs=vhost_vsock", Handler{
			Name: "x", RuntimeType: RuncShim, Program: runtime, UserNeeds: []string{"/dev/kvm", "vhost_vsock"},
			Settings: "needs=/dev/kvm needs=vhost_vsock",
		}},
		{"x=runtime,overhead-memory=130Mi,overhead-cpu=250m", Handler{
			Name: "x", RuntimeType: RuncShim, Program: runtime,
			Overhead: corev1.ResourceList{"memory": resource.MustParse("130Mi"), "cpu": resource.MustParse("250m")},
			Settings: "overhead-cpu=250m overhead-memory=130Mi",
		}},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	folder := userFiles(t)
	for text, want := range map[string]map[string]any{
		"pr=runtime":                                       {"BinaryName": folder + "/runtime"},
		"pr=runtime,options=runc.toml":                     {"BinaryName": folder + "/runtime", "SystemdCgroup": false, "Root": "/run/other", "IoUid": int64(1000)},
		"x=shim,type=io.containerd.x.v2":                   nil,
		"x=shim,type=io.containerd.x.v2,options=runc.toml": {"ConfigPath": folder + "/runc.toml", "TypeUrl": "io.containerd.x.v2.options"},
	} {
		h, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.Options()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	folder := userFiles(t)
	for _, c := range []struct{ text, want string }{
		{"", "NAME=BINARY"},
		{"runtime", "does not begin with NAME=BINARY"},
		{`x=runtime,"env=A`, "double quotes"},
		{"My_Runtime=runtime", `"My_Runtime" cannot be the name`},
		{"=runtime", `"" cannot be the name`},
		{"x=", "it names no binary"},
		{"x=nosuch", "there is no file nosuch"},
		{"x=" + folder, "is not a file"},
		{"x=not-executable", "not-executable is not executable: chmod +x not-executable"},
		{"x=runtime,colour=red", `unknown key "colour"; the keys are container-annotation, env, needs, options,`},
		{"x=runtime,", `unknown key ""`},
		{"x=runtime,type", "type has no value"},
		{"x=runtime,snapshotter=", "snapshotter has no value"},
		{"x=runtime,snapshotter=a,snapshotter=b", "snapshotter is given twice"},
		{"x=runtime,type=kata", `type: "kata" is not of the form io.containerd.NAME.v2`},
		{"x=runtime,program=shim", "program is for a shim, which has a type"},
		{"x=shim,type=io.containerd.x.v2,program=nosuch", "program: there is no file nosuch"},
		{"x=shim,type=io.containerd.x.v2,program=shim", "shim and program are both called shim"},
		{"x=shim,type=io.containerd.x.v2,options=other/shim", "options and shim are both called shim"},
		{"x=start,env=A=b", "program and the script with which the node starts shims are both called start"},
		{"x=runtime,options=nosuch", "options: there is no file nosuch"},
		{"x=runtime,options=unknown.toml", "NoSuchOption"},
		{"x=runtime,options=wrongType.toml", "wrongType.toml"},
		{"x=runtime,options=binaryName.toml", "binaryName.toml: binaryName is the handler's own binary"},
		{"x=runtime,env=A", `env: "A" is not of the form NAME=VALUE`},
		{"x=runtime,env=1A=b", "is not of the form NAME=VALUE"},
		{"x=runtime,overhead-cpu=much", `overhead-cpu: "much" is no quantity`},
		{"x=runtime,overhead-memory=-1Mi", "is no quantity"},
	} {
		t.Run(c.text, func(t *testing.T) {
			_, err := Parse(c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestParseAllRefuses(t *testing.T) {
	userFiles(t)
	for _, c := range []struct {
		texts []string
		want  string
	}{
		{[]string{"a=runtime", "a=shim"}, "the name a is given twice"},
		{[]string{"a=runtime", "runc=runtime"}, "runc is a handler of the node itself"},
		{[]string{"a=runtime", "b=nosuch"}, "there is no file nosuch"},
	} {
		if _, err := ParseAll(c.texts, []string{"runc"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.texts, err, c.want)
		}
	}
}

// FuzzParse holds that no text makes Parse fail otherwise than with an error, and that what
// it takes has what the rest of the program relies on.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a=/bin/sh", `a=/bin/sh,"env=A=1,2"`, "a=/bin/sh,type=io.containerd.a.v2,program=/bin/true"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Parse(text)
		if err == nil && (h.Name == "" || strings.Contains(h.Name, "/") || h.RuntimeType == "" || h.Program+h.Shim == "") {
			t.Errorf("%q became %+v", text, h)
		}
	})
}
