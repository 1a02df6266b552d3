package native

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// archive is an OCI archive: a tar of an index, and of blobs by their digest. See
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md.
type archive struct {
	file  *os.File
	parts map[string]*io.SectionReader // by path
}

func openArchive(name string) (*archive, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	a := &archive{file: f, parts: map[string]*io.SectionReader{}}
	for entries := tar.NewReader(f); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("it is no OCI archive: %w", err), f.Close())
		}
		at, err := f.Seek(0, io.SeekCurrent) // where the entry's content begins
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		a.parts[path.Clean(entry.Name)] = io.NewSectionReader(f, at, entry.Size)
	}
}

func (a *archive) close() { _ = a.file.Close() } // it was only read

// descriptor names a blob.
type descriptor struct {
	Digest string `json:"digest"`
}

// image reads the configuration of the one image, and returns the digests of its layers.
func (a *archive) image(c *config) (layers []string, err error) {
	var index struct {
		Manifests []descriptor `json:"manifests"`
	}
	if err := a.decode("index.json", &index); err != nil {
		return nil, err
	}
	if len(index.Manifests) != 1 {
		return nil, fmt.Errorf("it has %d images, and not one", len(index.Manifests))
	}
	var manifest struct {
		Config descriptor   `json:"config"`
		Layers []descriptor `json:"layers"`
	}
	if err := a.decode(blob(index.Manifests[0].Digest), &manifest); err != nil {
		return nil, err
	}
	var configured struct {
		Config config `json:"config"`
	}
	if err := a.decode(blob(manifest.Config.Digest), &configured); err != nil {
		return nil, err
	}
	*c = configured.Config
	for _, layer := range manifest.Layers {
		layers = append(layers, layer.Digest)
	}
	return layers, nil
}

func blob(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }

func (a *archive) part(name string) (*io.SectionReader, error) {
	p := a.parts[name]
	if p == nil {
		return nil, fmt.Errorf("it is no OCI archive, or not whole: it has no %s", name)
	}
	_, err := p.Seek(0, io.SeekStart)
	return p, err
}

func (a *archive) decode(name string, into any) error {
	p, err := a.part(name)
	if err != nil {
		return err
	}
	if err := json.NewDecoder(p).Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// unpack puts the files of a layer into a folder.
func (a *archive) unpack(digest, folder string) error {
	p, err := a.part(blob(digest))
	if err != nil {
		return err
	}
	text := bufio.NewReader(p)
	var in io.Reader = text
	if head, _ := text.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		if in, err = gzip.NewReader(text); err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	for entries := tar.NewReader(in); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = put(root, entry, entries)
		}
		if err != nil {
			return fmt.Errorf("unpack layer %s: %w", digest, err)
		}
	}
}

// put makes one file. Nothing is made outside of the root. The owner of files is who
// unpacks them: the image's user needs only to read them.
func put(root *os.Root, entry *tar.Header, content io.Reader) error {
	name := path.Clean(strings.TrimPrefix(entry.Name, "/"))
	if name == "." {
		return nil
	}
	if strings.HasPrefix(path.Base(name), ".wh.") {
		return fmt.Errorf("it removes %s of another layer, which is not supported: make the image of one layer", name)
	}
	if err := makeFolders(root, path.Dir(name)); err != nil {
		return err
	}
	mode := entry.FileInfo().Mode()
	switch entry.Typeflag {
	case tar.TypeDir:
		if err := makeFolders(root, name); err != nil {
			return err
		}
		return root.Chmod(name, mode&(os.ModePerm|os.ModeSticky))
	case tar.TypeReg:
		return write(root, name, mode.Perm(), content)
	case tar.TypeSymlink:
		return root.Symlink(entry.Linkname, name)
	case tar.TypeLink:
		return root.Link(path.Clean(strings.TrimPrefix(entry.Linkname, "/")), name)
	}
	return fmt.Errorf("%s is of a type that is not supported: %q", name, entry.Typeflag)
}

// makeFolders makes a folder, and those above it, which the image need not name. Those that
// are there stay as they are.
func makeFolders(root *os.Root, name string) error {
	if info, err := root.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	if above := path.Dir(name); above != "." {
		if err := makeFolders(root, above); err != nil {
			return err
		}
	}
	if err := root.Mkdir(name, 0o755); err != nil {
		return err
	}
	return root.Chmod(name, 0o755) // the process may have a umask
}

func write(root *os.Root, name string, mode os.FileMode, content io.Reader) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Chmod(mode), f.Close()) // the process may have a umask
}
