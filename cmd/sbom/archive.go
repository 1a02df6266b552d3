package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// contents are what an OCI archive of scripts/functions has in it.
type contents struct {
	packages []part
	modules  []module
}

// packageFolder is where images without dpkg have descriptions of their Debian packages,
// by a convention of "distroless" images that scanners know.
const packageFolder = "var/lib/dpkg/status.d/"

// openArchive reads the layers of the images in an OCI archive. They are not compressed.
func openArchive(file string) (contents, error) {
	f, err := os.Open(file)
	if err != nil {
		return contents{}, err
	}
	defer f.Close()
	var c contents
	err = eachFile(f, func(name string, blob io.Reader) error {
		// What is no layer is JSON.
		buffered := bufio.NewReader(blob)
		if first, err := buffered.Peek(1); err != nil || !strings.HasPrefix(name, "blobs/") || first[0] == '{' {
			return err
		}
		return eachFile(buffered, c.add)
	})
	if err != nil {
		return contents{}, fmt.Errorf("read the image in %s: %w", file, err)
	}
	return c, nil
}

// eachFile calls do for each regular file of a tar archive.
func eachFile(r io.Reader, do func(string, io.Reader) error) error {
	archive := tar.NewReader(r)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := do(header.Name, archive); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
}

// add takes what a file of an image says about packages and modules.
func (c *contents) add(name string, r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, packageFolder) {
		p, err := parseControl(content)
		c.packages = append(c.packages, p)
		return err
	}
	p, err := readProgram(bytes.NewReader(content))
	if p != nil {
		c.modules = append(c.modules, p.modules...)
	}
	return err
}
