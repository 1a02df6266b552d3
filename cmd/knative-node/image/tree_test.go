package image

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/program"
)

func TestKeep(t *testing.T) {
	root := t.TempDir()
	write(t, root, "usr/lib/language/module", "module")
	write(t, root, "usr/lib/language/test/big", "test")
	write(t, root, "usr/bin/language-3", "program")
	write(t, root, "etc/language/site", "site")
	write(t, root, "etc/other", "other")
	link(t, "usr/bin", filepath.Join(root, "bin"))
	link(t, "language-3", filepath.Join(root, "usr/bin/language"))
	link(t, "/etc/language/site", filepath.Join(root, "usr/lib/language/site"))

	tree := NewTree(root)
	if err := tree.Drop("/usr/lib/*/test"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/bin/language", "usr/lib/language"} {
		if err := tree.Keep(path); err != nil {
			t.Fatal(err)
		}
	}
	tree.AddScratch()
	added := filepath.Join(t.TempDir(), "hello")
	write(t, filepath.Dir(added), "hello", "text")
	if err := tree.Add(added, "app/hello"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"app/ 755", "app/hello 755", "bin 777 -> usr/bin", "etc/ 755", "etc/language/ 755", "etc/language/site 644", "tmp/ 1777",
		"usr/ 755", "usr/bin/ 755", "usr/bin/language 777 -> language-3", "usr/bin/language-3 644", "usr/lib/ 755",
		"usr/lib/language/ 755", "usr/lib/language/module 644", "usr/lib/language/site 777 -> /etc/language/site",
	}
	if diff := cmp.Diff(want, listing(t, tree)); diff != "" {
		t.Error(diff)
	}
}

func TestKeepErrors(t *testing.T) {
	tree := NewTree(t.TempDir())
	if err := tree.Keep("/no/such"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/no/such") {
		t.Errorf("a file that is missing: got %v", err)
	}
	if err := tree.Drop("["); err == nil {
		t.Error("a broken pattern was taken")
	}
	tree.notFound["libmissing.so"] = "/bin/program"
	if _, err := FromTree(tree, nil, nil); err == nil || !strings.Contains(err.Error(), "/bin/program needs the library libmissing.so") {
		t.Errorf("a library that is missing: got %v", err)
	}
}

// A dynamic program brings its libraries along.
func TestKeepLibraries(t *testing.T) {
	const shell = "/bin/sh"
	file, err := elf.Open(shell)
	if err != nil || program.Interpreter(file) == "" {
		t.Skipf("this machine has no dynamic %s to try it with: %v", shell, err)
	}
	defer file.Close()
	libraries, err := file.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	tree := NewTree("/")
	if err := tree.Keep(shell); err != nil {
		t.Fatal(err)
	}
	for _, want := range append(libraries, filepath.Base(program.Interpreter(file))) {
		found := false
		for name := range tree.sources {
			found = found || filepath.Base(name) == want
		}
		if !found {
			t.Errorf("%s is missing", want)
		}
	}
}

// A file of a package brings what must go with it. A file of no package, and packages whose
// files are not in the image, bring nothing.
func TestKeepOwners(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"usr/bin/program", "usr/bin/other", "var/generated", "usr/share/common-licenses/GPL-2",
		"usr/share/doc/shared/copyright", "usr/share/doc/other/copyright", "var/lib/dpkg/status.d/program", "var/lib/dpkg/status.d/other"} {
		write(t, root, name, name)
	}
	link(t, "shared", filepath.Join(root, "usr/share/doc/program"))
	write(t, root, "var/lib/dpkg/info/program.list", "/\n/usr/\n/usr/bin/\n/usr/bin/program\n/usr/share/doc/program\n")
	write(t, root, "var/lib/dpkg/info/other.list", "/\n/usr/\n/usr/bin/\n/usr/bin/other\n")

	tree := NewTree(root)
	for _, name := range []string{"/usr/bin/program", "/var/generated"} {
		if err := tree.Keep(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.Add(filepath.Join(root, "usr/bin/other"), "/usr/bin/other"); err != nil { // another file of that name
		t.Fatal(err)
	}
	if err := tree.KeepOwners(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"usr/ 755", "usr/bin/ 755", "usr/bin/other 755", "usr/bin/program 644", "usr/share/ 755", "usr/share/common-licenses/ 755",
		"usr/share/common-licenses/GPL-2 644", "usr/share/doc/ 755", "usr/share/doc/program 777 -> shared",
		"usr/share/doc/shared/ 755", "usr/share/doc/shared/copyright 644", "var/ 755", "var/generated 644", "var/lib/ 755",
		"var/lib/dpkg/ 755", "var/lib/dpkg/status.d/ 755", "var/lib/dpkg/status.d/program 644",
	}
	if diff := cmp.Diff(want, listing(t, tree)); diff != "" {
		t.Error(diff)
	}

	if err := os.Remove(filepath.Join(root, "usr/share/doc/shared/copyright")); err != nil {
		t.Fatal(err)
	}
	tree = NewTree(root)
	if err := errors.Join(tree.Keep("/usr/bin/program"), tree.KeepOwners()); err == nil || !strings.Contains(err.Error(), "package program") {
		t.Errorf("a package without a copyright file: got %v", err)
	}
}

// The same files give the same archive, whenever and in whatever order they were made.
func TestSameFilesSameArchive(t *testing.T) {
	archive := func(names []string, changed time.Time, mode os.FileMode) []byte {
		root := t.TempDir()
		tree := NewTree(root)
		for _, name := range names {
			write(t, root, name, name)
			if err := errors.Join(os.Chtimes(filepath.Join(root, name), changed, changed), os.Chmod(filepath.Join(root, name), mode)); err != nil {
				t.Fatal(err)
			}
			if err := tree.Keep(name); err != nil {
				t.Fatal(err)
			}
		}
		img, err := FromTree(tree, []string{"/a"}, []string{"PATH=/"})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteArchive(&b, "dev.local/a:local", img); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	first := archive([]string{"a", "b/c", "b/d"}, time.Now(), 0o600)
	if !bytes.Equal(first, archive([]string{"b/d", "b/c", "a"}, time.Unix(1e9, 0), 0o644)) {
		t.Error("the archives differ")
	}
	if bytes.Equal(first, archive([]string{"a", "b/c"}, time.Now(), 0o600)) {
		t.Error("the archives of different files are the same")
	}
}

func listing(t *testing.T, tree *Tree) []string {
	t.Helper()
	layer := stream(tree.write)
	defer layer.Close()
	var all []string
	for archive := tar.NewReader(layer); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%s %o", header.Name, header.Mode)
		if header.Linkname != "" {
			line += " -> " + header.Linkname
		}
		all = append(all, line)
	}
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, file string) {
	t.Helper()
	if err := os.Symlink(target, file); err != nil {
		t.Fatal(err)
	}
}
