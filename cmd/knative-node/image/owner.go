package image

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Where a Debian system keeps what its packages consist of, who made them, and the
// licences that many of them have. The description of each package is where images
// without dpkg have it, and scanners look for it.
const (
	fileLists      = "/var/lib/dpkg/info"
	descriptions   = "/var/lib/dpkg/status.d"
	documentation  = "/usr/share/doc"
	commonLicences = "/usr/share/common-licenses"
)

// KeepOwners chooses what must go along with the files that are chosen already: for each
// Debian package that brought one of them its copyright file and its description, and the
// texts of common licences, which these name.
func (t *Tree) KeepOwners() error {
	owners, err := t.owners()
	if err != nil {
		return fmt.Errorf("find the packages of files: %w", err)
	}
	for _, owner := range owners {
		for _, file := range []string{path.Join(documentation, owner, "copyright"), path.Join(descriptions, owner)} {
			if err := t.Keep(file); err != nil {
				return fmt.Errorf("package %s: %w", owner, err)
			}
		}
	}
	return t.Keep(commonLicences)
}

// owners are the packages that brought files that are chosen. A package has a list of its
// files, one a line; the list is called NAME.list.
func (t *Tree) owners() ([]string, error) {
	folder := filepath.Join(t.root, fileLists)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	owners := map[string]bool{}
	for _, entry := range entries {
		list, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		owner := strings.TrimSuffix(entry.Name(), ".list")
		for line := range strings.Lines(string(list)) {
			// Folders, which end in a slash, are of many packages.
			if name := strings.TrimSuffix(line, "\n"); t.sources[name] != "" && !t.added[name] {
				owners[owner] = true
				break
			}
		}
	}
	return slices.Sorted(maps.Keys(owners)), nil
}
