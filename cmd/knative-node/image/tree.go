package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Tree is a choice of files for an image. Most of them come from a folder, the root,
// that looks like the / of a Linux system. All paths in a tree are absolute, and mean
// paths of the image.
type Tree struct {
	root string
	// sources has each file of the image with its path on this machine. A folder is
	// there when a file of it is.
	sources map[string]string
	// added are the files that do not come from the root.
	added map[string]bool
	// texts are files that are on no disk.
	texts map[string]string
	drop  []string
	// notFound has libraries that are in no usual folder, each with a file that needs it.
	notFound map[string]string
	// scratch says that the image has an empty folder /tmp that everybody can write to.
	scratch bool
}

// NewTree returns an empty tree for files of the folder root.
func NewTree(root string) *Tree {
	return &Tree{root: root, sources: map[string]string{}, added: map[string]bool{}, texts: map[string]string{}, notFound: map[string]string{}}
}

// AddScratch adds an empty folder /tmp that everybody can write to.
func (t *Tree) AddScratch() { t.scratch = true }

// AddText adds a file that everybody can read.
func (t *Tree) AddText(name, text string) { t.texts[path.Clean("/"+name)] = text }

// Drop says which files Keep leaves out, as path.Match understands it. A folder that is
// left out is left out with everything in it.
func (t *Tree) Drop(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("pattern %q: %w", pattern, err)
	}
	t.drop = append(t.drop, pattern)
	return nil
}

// Keep chooses the file or folder at name and what it needs: a link's target, and the
// shared libraries of a program.
func (t *Tree) Keep(name string) error {
	name, err := t.inRoot(name)
	if err != nil {
		return err
	}
	if t.dropped(name) || t.sources[name] != "" {
		return nil
	}
	source := filepath.Join(t.root, name)
	info, err := os.Lstat(source)
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	t.sources[name] = source
	switch {
	case info.IsDir():
		return t.keepFolder(name, source)
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(source)
		if err != nil {
			return err
		}
		return t.Keep(absolute(target, path.Dir(name)))
	case info.Mode().IsRegular():
		return t.keepLibraries(name, source)
	}
	return fmt.Errorf("keep %s: it is no file, folder or link", name)
}

func (t *Tree) keepFolder(name, source string) error {
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := t.Keep(path.Join(name, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tree) dropped(name string) bool {
	return slices.ContainsFunc(t.drop, func(pattern string) bool {
		matched, _ := path.Match(pattern, name) // Drop has checked the pattern
		return matched
	})
}

// Add puts a file of this machine into the image, as name. Everybody can execute it.
func (t *Tree) Add(source, name string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("add %s: it is no file", source)
	}
	name = path.Clean("/" + name)
	t.sources[name], t.added[name] = source, true
	return nil
}

// inRoot replaces the links among the folders of name, as the kernel does in the image,
// and chooses these links too.
func (t *Tree) inRoot(name string) (string, error) {
	const mostLinks = 40
	name = path.Clean("/" + name)
	for range mostLinks {
		link, rest, err := t.firstLink(path.Dir(name))
		if err != nil {
			return "", err
		}
		if link == "" {
			return name, nil
		}
		target, err := os.Readlink(filepath.Join(t.root, link))
		if err != nil {
			return "", err
		}
		t.sources[link] = filepath.Join(t.root, link)
		name = path.Join(absolute(target, path.Dir(link)), rest, path.Base(name))
	}
	return "", fmt.Errorf("keep %s: too many links", name)
}

// firstLink finds the first link on the way to folder, and the way that is left.
func (t *Tree) firstLink(folder string) (link, rest string, err error) {
	parts := strings.Split(strings.Trim(folder, "/"), "/")
	for i := range parts {
		at := "/" + path.Join(parts[:i+1]...)
		info, err := os.Lstat(filepath.Join(t.root, at))
		if errors.Is(err, fs.ErrNotExist) {
			return "", "", nil // Keep says what is missing
		}
		if err != nil {
			return "", "", err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return at, path.Join(parts[i+1:]...), nil
		}
	}
	return "", "", nil
}

// absolute is the path that a link in folder leads to.
func absolute(target, folder string) string {
	if path.IsAbs(target) {
		return path.Clean(target)
	}
	return path.Join(folder, target)
}

// write writes the files and their folders, sorted by name. All of them belong to the
// user root and were changed at the beginning of 1970.
func (t *Tree) write(archive *tar.Writer) error {
	headers := map[string]*tar.Header{}
	if t.scratch {
		headers["/tmp"] = &tar.Header{Typeflag: tar.TypeDir, Mode: 0o1777}
	}
	for name, source := range t.sources {
		header, err := headerOf(source)
		if err != nil {
			return err
		}
		if t.added[name] {
			header.Mode = 0o755
		}
		headers[name] = header
	}
	for name, text := range t.texts {
		headers[name] = &tar.Header{Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))}
	}
	for _, name := range slices.Collect(maps.Keys(headers)) {
		for folder := path.Dir(name); folder != "/" && headers[folder] == nil; folder = path.Dir(folder) {
			headers[folder] = &tar.Header{Typeflag: tar.TypeDir, Mode: 0o755}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if err := t.writeFile(archive, name, headers[name]); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

func headerOf(source string) (*tar.Header, error) {
	info, err := os.Lstat(source)
	if err != nil {
		return nil, err
	}
	mode := int64(0o644)
	if info.Mode()&0o111 != 0 {
		mode = 0o755
	}
	switch {
	case info.IsDir():
		return &tar.Header{Typeflag: tar.TypeDir, Mode: 0o755}, nil
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(source)
		return &tar.Header{Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777}, err
	}
	return &tar.Header{Typeflag: tar.TypeReg, Mode: mode, Size: info.Size()}, nil
}

func (t *Tree) writeFile(archive *tar.Writer, name string, header *tar.Header) error {
	header.Name, header.ModTime = strings.TrimPrefix(name, "/"), time.Unix(0, 0)
	if header.Typeflag == tar.TypeDir {
		header.Name += "/"
	}
	if err := archive.WriteHeader(header); err != nil || header.Typeflag != tar.TypeReg {
		return err
	}
	if text, ok := t.texts[name]; ok {
		_, err := io.WriteString(archive, text)
		return err
	}
	f, err := os.Open(t.sources[name])
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(archive, f)
	return err
}
