package image

import (
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/program"
)

// libraryFolders are where Debian's dynamic linker looks for libraries by itself.
var libraryFolders = []string{"/lib/*-linux-gnu", "/usr/lib/*-linux-gnu", "/lib", "/usr/lib"}

// keepLibraries keeps the dynamic linker and the shared libraries of the program or
// library at name. For any other file it does nothing.
func (t *Tree) keepLibraries(name, source string) error {
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	defer f.Close()
	file, err := elf.NewFile(f)
	if err != nil {
		return nil // it is no program
	}
	if linker := program.Interpreter(file); linker != "" {
		if err := t.Keep(linker); err != nil {
			return fmt.Errorf("%s needs its dynamic linker: %w", name, err)
		}
	}
	libraries, err := file.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("read which libraries %s needs: %w", name, err)
	}
	folders := append(ownFolders(file, path.Dir(name)), libraryFolders...)
	for _, library := range libraries {
		if err := t.keepLibrary(library, name, folders); err != nil {
			return fmt.Errorf("%s needs the library %s: %w", name, library, err)
		}
	}
	return nil
}

// ownFolders are the folders in which a program itself says that its libraries are.
func ownFolders(file *elf.File, folder string) []string {
	var all []string
	for _, tag := range []elf.DynTag{elf.DT_RUNPATH, elf.DT_RPATH} {
		values, _ := file.DynString(tag) // a static program has none
		for _, value := range values {
			for _, each := range strings.Split(value, ":") {
				all = append(all, path.Clean(strings.ReplaceAll(each, "$ORIGIN", folder)))
			}
		}
	}
	return all
}

// keepLibrary keeps a library that is in one of the folders. One that is in none may still
// be there: a Java machine loads some libraries by their path, and others need them.
func (t *Tree) keepLibrary(library, neededBy string, folders []string) error {
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join(t.root, folder, library))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			continue
		}
		inside, err := filepath.Rel(t.root, found[0])
		if err != nil {
			return err
		}
		return t.Keep("/" + inside)
	}
	t.notFound[library] = neededBy
	return nil
}

// checkLibraries returns an error when the image lacks a library.
func (t *Tree) checkLibraries() error {
	has := map[string]bool{}
	for name := range t.sources {
		has[path.Base(name)] = true
	}
	var missing []error
	for _, library := range slices.Sorted(maps.Keys(t.notFound)) {
		if !has[library] {
			missing = append(missing, fmt.Errorf("%s needs the library %s, which is not there", t.notFound[library], library))
		}
	}
	return errors.Join(missing...)
}
