package main

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// withoutName is the file that names the modules that have no licence text.
const withoutName = "without-licence.txt"

// gather copies the licence texts of all modules of the programs into FOLDER/MODULE@VERSION.
// It returns the modules that have none, and also names them in a file of the folder.
// Files that are not Go programs are skipped.
func gather(s source, folder string, programs []string) ([]module, error) {
	all := map[module]bool{}
	for _, file := range programs {
		p, err := openProgram(file)
		if err != nil {
			return nil, err
		}
		if p != nil {
			for _, m := range p.modules {
				all[m] = true
			}
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	var without []module
	for _, m := range sorted(all) {
		texts, err := s.texts(m)
		if err != nil {
			return nil, err
		}
		if len(texts) == 0 {
			without = append(without, m)
		}
		for _, text := range texts {
			if err := copyText(s, m, text, filepath.Join(folder, m.String(), text)); err != nil {
				return nil, err
			}
		}
	}
	return without, writeWithout(filepath.Join(folder, withoutName), without)
}

func sorted(modules map[module]bool) []module {
	return slices.SortedFunc(maps.Keys(modules), func(a, b module) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.version, b.version), cmp.Compare(a.sum, b.sum))
	})
}

func copyText(s source, m module, text, target string) error {
	content, err := s.read(m, text)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, content, 0o644)
}

func writeWithout(file string, without []module) error {
	if len(without) == 0 {
		return nil
	}
	var lines strings.Builder
	for _, m := range without {
		lines.WriteString(m.String() + "\n")
	}
	return os.WriteFile(file, []byte(lines.String()), 0o644)
}
