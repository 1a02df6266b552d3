package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"
)

// inventory is what a build is made of: its files, and what each of them comes from.
type inventory struct {
	files   []file
	licence string // of this repository
}

// file is a file of the build. The name is relative to the folder of the build.
type file struct {
	name, sha1, sha256 string
	comment            string
	uses               []use
}

// use says how a file relates to a part, in the words of SPDX.
type use struct {
	relation string
	part     part
}

// documentName ends the names of bills of materials, which are not in themselves.
const documentName = ".spdx.json"

// packaged is the folder in which scripts/dist puts packages of what lies beside it. They
// have documents of their own.
const packaged = "dist"

// take makes the inventory of a build of the repository. Links are left out, since what
// they lead to is a file of its own, and so are the texts of licences.
func take(s source, repository, build string) (*inventory, error) {
	text, err := os.ReadFile(filepath.Join(repository, "LICENSE"))
	if err != nil {
		return nil, err
	}
	v := visit{source: s, repository: repository, build: build, parts: map[module]part{}}
	err = filepath.WalkDir(v.build, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "licenses" || path == filepath.Join(v.build, packaged)):
			return fs.SkipDir
		case !entry.Type().IsRegular() || strings.HasSuffix(path, documentName):
			return nil
		}
		return v.add(path)
	})
	if err == nil && len(v.files) == 0 {
		err = errors.New("there is nothing in it; 'make build node functions' builds")
	}
	if err != nil {
		return nil, fmt.Errorf("list what is in %s: %w", v.build, err)
	}
	licence, _ := oneLicence(licencesOf(text))
	return &inventory{files: v.files, licence: licence}, nil
}

// visit is a walk over a build.
type visit struct {
	source            source
	repository, build string
	parts             map[module]part // those that are known already
	files             []file
}

func (v *visit) add(path string) error {
	f, err := describe(path)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(v.build, path)
	if err != nil {
		return err
	}
	f.name = filepath.ToSlash(name)
	if err := v.trace(&f, path); err != nil {
		return fmt.Errorf("find what %s is made of: %w", f.name, err)
	}
	v.files = append(v.files, f)
	return nil
}

func describe(path string) (file, error) {
	r, err := os.Open(path)
	if err != nil {
		return file{}, err
	}
	defer r.Close()
	one, two := sha1.New(), sha256.New() // SPDX wants SHA1
	if _, err := io.Copy(io.MultiWriter(one, two), r); err != nil {
		return file{}, err
	}
	return file{sha1: hex.EncodeToString(one.Sum(nil)), sha256: hex.EncodeToString(two.Sum(nil))}, nil
}

// trace finds the parts that a file is made of, by where scripts/build-node and
// scripts/functions put it.
func (v *visit) trace(f *file, at string) error {
	switch folder := path.Dir(f.name); {
	case path.Base(folder) == "crun", path.Base(folder) == "wasmedge":
		return v.traceInstalled(f, filepath.Dir(at))
	case path.Base(folder) == "manifests":
		return v.traceManifest(f, filepath.Join(filepath.Dir(at), "..", "bin", "controller"))
	case path.Ext(f.name) == ".tar":
		return v.traceArchive(f, at)
	}
	return v.traceProgram(f, at)
}

// traceInstalled is for crun, WasmEdge and their libraries.
func (v *visit) traceInstalled(f *file, folder string) error {
	files, err := installed(folder)
	if err != nil {
		return err
	}
	if from, ok := files[path.Base(f.name)]; ok {
		f.uses = append(f.uses, use{common.TypeRelationshipGeneratedFrom, from})
	}
	return nil
}

// traceManifest is for Knative's manifests, which come from the modules of its controller.
func (v *visit) traceManifest(f *file, controller string) error {
	p, err := openProgram(controller)
	if err != nil {
		return err
	}
	for _, m := range p.modules {
		switch m.path {
		case "knative.dev/serving", "knative.dev/networking", "knative.dev/caching":
			if err := v.use(f, common.TypeRelationshipGeneratedFrom, m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *visit) traceArchive(f *file, at string) error {
	c, err := openArchive(at)
	if err != nil {
		return err
	}
	for _, p := range c.packages {
		f.uses = append(f.uses, use{common.TypeRelationshipContains, p})
	}
	return v.use(f, common.TypeRelationshipContains, c.modules...)
}

func (v *visit) traceProgram(f *file, at string) error {
	p, err := openProgram(at)
	if err != nil || p == nil {
		return err
	}
	f.comment = "the Go program " + p.path
	if p.path == embedsPackages {
		parts, err := npmParts(v.repository)
		if err != nil {
			return err
		}
		for _, each := range parts {
			f.uses = append(f.uses, use{common.TypeRelationshipContains, each})
		}
	}
	return v.use(f, common.TypeRelationshipStaticLink, p.modules...)
}

// use adds modules to a file.
func (v *visit) use(f *file, relation string, modules ...module) error {
	for _, m := range modules {
		p, ok := v.parts[m]
		if !ok {
			var err error
			if p, err = modulePart(v.source, m); err != nil {
				return err
			}
			v.parts[m] = p
		}
		f.uses = append(f.uses, use{relation, p})
	}
	return nil
}
