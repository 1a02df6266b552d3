package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	modpath "golang.org/x/mod/module"
)

// source is where the sources of modules are on this machine. They are there after a
// build.
type source struct{ cache, goRoot string }

func findSource() (source, error) {
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOROOT").Output()
	if err != nil {
		return source{}, fmt.Errorf("ask go where its modules are: %w", err)
	}
	lines := strings.Split(string(out), "\n")
	return source{cache: lines[0], goRoot: lines[1]}, nil
}

// folder is where a module's sources are.
func (s source) folder(m module) (string, error) {
	if m.path == std {
		return s.goRoot, nil
	}
	path, err := modpath.EscapePath(m.path)
	if err != nil {
		return "", err
	}
	version, err := modpath.EscapeVersion(m.version)
	if err != nil {
		return "", err
	}
	return filepath.Join(s.cache, path+"@"+version), nil
}

// textName matches the names of files with licences and with the notices that go with
// them.
var textName = regexp.MustCompile(`(?i)^(un)?(licen[cs]es?|copying|copyright|notices?|patents)([.-].*)?$`)

// codeName matches names of sources, such as license.go.
var codeName = regexp.MustCompile(`(?i)\.(go|s|c|h|py|js|ts|sh|html|tmpl|ya?ml|json|mk)$`)

// texts are the licence texts of a module, as paths in its folder. Code that was taken
// from elsewhere often has its licence beside it, deeper in the module. Which of the
// module's packages a program has, it does not say: there may be more texts than needed.
func (s source) texts(m module) ([]string, error) {
	root, err := s.folder(m)
	if err != nil {
		return nil, err
	}
	var texts []string
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch name := entry.Name(); {
		case entry.IsDir() && path != root && (m.path == std || name == "testdata"):
			return fs.SkipDir
		case entry.Type().IsRegular() && textName.MatchString(name) && !codeName.MatchString(name):
			relative, err := filepath.Rel(root, path)
			texts = append(texts, relative)
			return err
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find the licence of module %s, which 'go mod download' fetches: %w", m, err)
	}
	return texts, nil
}

func (s source) read(m module, text string) ([]byte, error) {
	root, err := s.folder(m)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(root, text))
}
