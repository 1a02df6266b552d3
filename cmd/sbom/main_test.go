package main

import (
	"archive/tar"
	"bytes"
	"debug/buildinfo"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdxlib"
)

// self is the program that runs these tests, which is a Go program with modules.
func self(t *testing.T) string {
	t.Helper()
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func realSource(t *testing.T) source {
	t.Helper()
	s, err := findSource()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, content []byte, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o755); err != nil {
		t.Fatal(err)
	}
}

// A program has the modules that "go version -m" prints, and Go's own library.
func TestReadProgram(t *testing.T) {
	p, err := openProgram(self(t))
	if err != nil || p == nil {
		t.Fatalf("got %v, %v", p, err)
	}
	out, err := exec.Command("go", "version", "-m", self(t)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []module
	for line := range strings.Lines(string(out)) {
		if words := strings.Fields(line); words[0] == "dep" {
			want = append(want, module{words[1], words[2], words[3]})
		}
	}
	_, version, _ := strings.Cut(strings.SplitN(string(out), "\n", 2)[0], ": ")
	want = append([]module{{path: std, version: strings.Fields(version)[0]}}, want...)
	if diff := cmp.Diff(want, p.modules, cmp.AllowUnexported(module{})); diff != "" || len(want) < 3 {
		t.Error(diff, want)
	}
	if p, err := readProgram(strings.NewReader("text")); p != nil || err != nil {
		t.Errorf("what is no program: got %v, %v", p, err)
	}
}

func TestGather(t *testing.T) {
	folder := t.TempDir()
	without, err := gather(realSource(t), folder, []string{self(t), "main.go"})
	if err != nil || len(without) > 0 {
		t.Fatal(without, err)
	}
	for _, want := range []string{"github.com/google/licensecheck@*/LICENSE", "github.com/spdx/tools-golang@*/LICENSE.code", "std@go*/LICENSE"} {
		if found, _ := filepath.Glob(filepath.Join(folder, want)); len(found) != 1 {
			t.Errorf("%s: got %q", want, found)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, withoutName)); !os.IsNotExist(err) {
		t.Errorf("%s: %v", withoutName, err)
	}
}

// A module without a licence text is named.
func TestGatherNamesModulesWithoutText(t *testing.T) {
	p, err := openProgram(self(t))
	if err != nil {
		t.Fatal(err)
	}
	s := source{cache: t.TempDir(), goRoot: t.TempDir()}
	put(t, []byte("text"), s.goRoot, "LICENSE")
	var bare module
	for _, m := range p.modules[1:] {
		folder, err := s.folder(m)
		if err != nil {
			t.Fatal(err)
		}
		name := "COPYING"
		if m.path == "golang.org/x/mod" {
			bare, name = m, "license.go"
		}
		put(t, []byte("text"), folder, name)
	}
	target := t.TempDir()
	without, err := gather(s, target, []string{self(t)})
	if err != nil || !slices.Equal(without, []module{bare}) {
		t.Errorf("got %v, %v", without, err)
	}
	if list, err := os.ReadFile(filepath.Join(target, withoutName)); string(list) != bare.String()+"\n" {
		t.Errorf("got %q, %v", list, err)
	}

	s.cache = filepath.Join(s.cache, "elsewhere")
	if _, err := gather(s, target, []string{self(t)}); err == nil || !strings.Contains(err.Error(), "go mod download") {
		t.Errorf("a module that is not on the machine: got %v", err)
	}
}

// A link that scripts/leave-out made is the module itself. What is in another folder, nobody
// knows.
func TestReplacedModules(t *testing.T) {
	dep := func(folder string) *buildinfo.BuildInfo {
		return &buildinfo.BuildInfo{GoVersion: "go1.2.3", Main: debug.Module{Path: own},
			Deps: []*debug.Module{{Path: "example.com/a", Version: "v1.0.0", Replace: &debug.Module{Path: folder}}}}
	}
	p, err := newProgram(dep("../../build/leftout/a"))
	if err != nil || !slices.Contains(p.modules, module{"example.com/a", "v1.0.0", ""}) {
		t.Errorf("parts left out: got %+v, %v", p, err)
	}
	if _, err := newProgram(dep("../elsewhere/a")); err == nil || !strings.Contains(err.Error(), "../elsewhere/a") {
		t.Errorf("another folder: got %v", err)
	}
}

func TestTexts(t *testing.T) {
	s := source{cache: t.TempDir()}
	m := module{path: "example.com/Big", version: "v1.0.0"}
	want := []string{"LICENCE.md", "NOTICE.txt", "third/party/COPYING", "unlicense"}
	for _, name := range append(want, "license.go", "licensed.txt", "testdata/LICENSE", "README", "notices.html", "license/part") {
		put(t, []byte("text"), s.cache, "example.com/!big@v1.0.0", name)
	}
	got, err := s.texts(m)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(diff, err)
	}
}

func TestModulePart(t *testing.T) {
	s := source{cache: t.TempDir(), goRoot: t.TempDir()}
	license, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile("../../templates/echarts/tslib.LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	put(t, license, s.cache, "example.com/!a@v1.0.0+incompatible", "LICENSE")
	put(t, []byte("thanks"), s.cache, "example.com/!a@v1.0.0+incompatible", "NOTICE")
	put(t, other, s.cache, "example.com/!a@v1.0.0+incompatible", "third/LICENSE")
	got, err := modulePart(s, module{"example.com/A", "v1.0.0+incompatible", "h1:x="})
	want := part{
		name: "example.com/A", version: "v1.0.0+incompatible", purl: "pkg:golang/example.com/a@v1.0.0%2Bincompatible",
		download:   "https://proxy.golang.org/example.com/!a/@v/v1.0.0+incompatible.zip",
		sourceInfo: "checksum in go.sum: h1:x=", licence: "Apache-2.0",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(part{})); err != nil || diff != "" {
		t.Error(diff, err)
	}

	put(t, other, s.cache, "example.com/!a@v1.0.0+incompatible", "LICENSE.other")
	got, err = modulePart(s, module{"example.com/A", "v1.0.0+incompatible", "h1:x="})
	if err != nil || got.licence != "" || got.licenceComment != "several texts: 0BSD, Apache-2.0" {
		t.Errorf("two licences: got %q %q %v", got.licence, got.licenceComment, err)
	}

	put(t, nil, s.goRoot, "VERSION")
	got, err = modulePart(s, module{path: std, version: "go1.2.3"})
	if err != nil || got.purl != "pkg:golang/stdlib@1.2.3" || got.licenceComment != "the module has no licence text" {
		t.Errorf("Go's own library: got %+v, %v", got, err)
	}
}

func TestParseControl(t *testing.T) {
	got, err := parseControl([]byte("Package: libcap2\nVersion: 1:2.75-10+deb13u1\nArchitecture: amd64\nDescription: capabilities\n more\n .\n of it\n"))
	if want := "pkg:deb/debian/libcap2@1%3A2.75-10%2Bdeb13u1?arch=amd64"; err != nil || got.purl != want {
		t.Errorf("got %q, %v, want %q", got.purl, err, want)
	}
	for _, broken := range []string{"", "Package: a\nVersion: 1", "text"} {
		if _, err := parseControl([]byte(broken)); err == nil {
			t.Errorf("%q was taken", broken)
		}
	}
}

// image is an OCI archive with one layer, which has a description of a package and a Go
// program.
func image(t *testing.T) []byte {
	t.Helper()
	program, err := os.ReadFile(self(t))
	if err != nil {
		t.Fatal(err)
	}
	layer := pack(t, map[string][]byte{
		"bin/program": program, "etc/text": []byte("text"),
		packageFolder + "zlib1g": []byte("Package: zlib1g\nVersion: 1:1.2\nArchitecture: amd64\n"),
	})
	return pack(t, map[string][]byte{"oci-layout": []byte(`{}`), "blobs/sha256/a": []byte(`{"config": {}}`), "blobs/sha256/b": layer})
}

func pack(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	archive := tar.NewWriter(&b)
	for name, content := range files {
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// repository has a build with one file of each kind.
func repository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, file := range []string{"LICENSE", "scripts/update-echarts", "templates/echarts/LICENSE", "templates/echarts/zrender.LICENSE", "templates/echarts/tslib.LICENSE"} {
		content, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		put(t, content, root, file)
	}
	program, err := os.ReadFile(self(t))
	if err != nil {
		t.Fatal(err)
	}
	build := filepath.Join(root, "build")
	put(t, program, build, "node/bin/program")
	put(t, []byte("text"), build, "node/licenses/go/std/LICENSE")
	put(t, []byte("{}"), build, "old"+documentName)
	put(t, []byte("crun"), build, "node/crun/crun")
	put(t, []byte("libc"), build, "node/crun/libc.so.6")
	put(t, []byte("crun 1.21-1 amd64 f00d\nlibc6 2.41 amd64 beef\n"), build, "node/crun/packages")
	put(t, []byte("crun crun\nlibc.so.6 libc6\n"), build, "node/crun/files")
	put(t, []byte("wasmedge"), build, "node/wasmedge/libwasmedge.so.0")
	put(t, []byte("libwasmedge0 0.14.1 amd64 cafe\n"), build, "node/wasmedge/packages")
	put(t, []byte("libwasmedge.so.0 libwasmedge0\n"), build, "node/wasmedge/files")
	put(t, image(t), build, "functions/image.tar")
	return root
}

func documentOf(t *testing.T, root string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := run([]string{"document", "-version", "v1", "-created", "1700000000", root}, &b, io.Discard); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDocument(t *testing.T) {
	root := repository(t)
	text := documentOf(t, root)
	doc, err := json.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := spdxlib.ValidateDocument(doc); err != nil {
		t.Error(err)
	}
	if doc.CreationInfo.Created != time.Unix(1700000000, 0).UTC().Format(time.RFC3339) || doc.SPDXVersion != "SPDX-2.3" {
		t.Errorf("got %q and %q", doc.CreationInfo.Created, doc.SPDXVersion)
	}
	got := relations(doc)
	for _, want := range []string{
		"document DESCRIBES kn-coldstart v1",
		"kn-coldstart v1 CONTAINS ./node/bin/program",
		"./node/bin/program STATIC_LINK github.com/google/licensecheck v0.3.1",
		"./node/crun/crun GENERATED_FROM crun 1.21-1",
		"./node/crun/libc.so.6 GENERATED_FROM libc6 2.41",
		"./node/wasmedge/libwasmedge.so.0 GENERATED_FROM libwasmedge0 0.14.1",
		"./functions/image.tar CONTAINS zlib1g 1:1.2",
		"./functions/image.tar CONTAINS github.com/google/licensecheck v0.3.1",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("the document does not say: %s\nbut:\n%s", want, strings.Join(got, "\n"))
		}
	}
	for _, line := range got {
		if strings.Contains(line, "licenses/") || strings.Contains(line, documentName) {
			t.Errorf("the document says: %s", line)
		}
	}
}

// relations are the relationships of a document with names in place of identifiers.
func relations(doc *spdx.Document) []string {
	names := map[string]string{documentID: "document"}
	for _, p := range doc.Packages {
		names[string(p.PackageSPDXIdentifier)] = p.PackageName + " " + p.PackageVersion
	}
	for _, f := range doc.Files {
		names[string(f.FileSPDXIdentifier)] = f.FileName
	}
	var all []string
	for _, r := range doc.Relationships {
		all = append(all, names[string(r.RefA.ElementRefID)]+" "+r.Relationship+" "+names[string(r.RefB.ElementRefID)])
	}
	return all
}

// The same build gives the same bytes, and another build another name.
func TestDocumentIsOfTheBuildAlone(t *testing.T) {
	root := repository(t)
	first := documentOf(t, root)
	if !bytes.Equal(first, documentOf(t, root)) {
		t.Error("two documents of the same build differ")
	}
	put(t, []byte("another"), root, "build/node/crun/crun")
	one, err := json.Read(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	two, err := json.Read(bytes.NewReader(documentOf(t, root)))
	if err != nil {
		t.Fatal(err)
	}
	if one.DocumentNamespace == two.DocumentNamespace || one.Packages[0].PackageVerificationCode.Value == two.Packages[0].PackageVerificationCode.Value {
		t.Error("documents of different builds have the same name or sum")
	}
}

func TestDocumentErrors(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(root string)
		want  string
	}{
		"nothing is built": {func(root string) {
			if err := os.RemoveAll(filepath.Join(root, "build", "node")); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(root, "build", "functions")); err != nil {
				t.Fatal(err)
			}
		}, "make build node functions"},
		"a package is not listed": {func(root string) { put(t, []byte("crun other\n"), root, "build/node/crun/files") }, "package other"},
		"a line is broken":        {func(root string) { put(t, []byte("crun 1.21-1\n"), root, "build/node/crun/packages") }, "has not 4 words"},
		"an image is broken":      {func(root string) { put(t, []byte(strings.Repeat("x", 600)), root, "build/functions/image.tar") }, "image.tar"},
	} {
		t.Run(name, func(t *testing.T) {
			root := repository(t)
			test.spoil(root)
			err := run([]string{"document", "-version", "v1", root}, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// The JavaScript in the reports has a licence for each of its packages.
func TestNPMParts(t *testing.T) {
	parts, err := npmParts("../..")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range parts {
		got[p.name] = p.licence
	}
	if diff := cmp.Diff(map[string]string{"echarts": "Apache-2.0", "zrender": "BSD-3-Clause", "tslib": "0BSD"}, got); diff != "" {
		t.Error(diff)
	}
}
