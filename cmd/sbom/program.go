package main

import (
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"strings"
)

// own is the beginning of the paths of this repository's modules.
const own = "github.com/kn-coldstart/kn-coldstart"

// std is the path that the Go standard library has here.
const std = "std"

// leftout is where scripts/leave-out makes links to modules of which parts are not compiled.
// A program does not tell the sum of such a module.
const leftout = "../../build/leftout/"

// module is a version of a Go module. Its sum is the one of go.sum, if the program tells it.
type module struct{ path, version, sum string }

func (m module) String() string { return m.path + "@" + m.version }

func (m module) own() bool { return m.path == own || strings.HasPrefix(m.path, own+"/") }

// program is what a Go program says of itself.
type program struct {
	path    string // of its main package
	main    module // the module of that package
	modules []module
}

// readProgram returns nil for what is not a Go program.
func readProgram(r io.ReaderAt) (*program, error) {
	info, err := buildinfo.Read(r)
	if err != nil {
		return nil, nil
	}
	return newProgram(info)
}

func newProgram(info *buildinfo.BuildInfo) (*program, error) {
	p := &program{path: info.Path, main: module{info.Main.Path, info.Main.Version, info.Main.Sum}}
	version, _, _ := strings.Cut(info.GoVersion, " ") // experiments follow
	p.modules = append(p.modules, module{path: std, version: version})
	if !p.main.own() {
		p.modules = append(p.modules, p.main)
	}
	for _, dep := range info.Deps {
		name := dep.Path
		if dep.Replace != nil && !strings.HasPrefix(dep.Replace.Path, leftout) {
			dep = dep.Replace
		}
		m := module{dep.Path, dep.Version, dep.Sum}
		if m.own() {
			continue
		}
		if m.version == "" {
			return nil, fmt.Errorf("module %s is replaced by the folder %s, whose version nobody knows", name, m.path)
		}
		p.modules = append(p.modules, m)
	}
	return p, nil
}

func openProgram(file string) (*program, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := readProgram(f)
	if err != nil {
		return nil, fmt.Errorf("read the modules of %s: %w", file, err)
	}
	return p, nil
}
