package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// debianPart describes a package of Debian. Its licences are in a file that is written
// for people.
func debianPart(name, version, arch, sha256 string) part {
	return part{
		name: name, version: version, sha256: sha256,
		purl:           "pkg:deb/debian/" + name + "@" + url.QueryEscape(version) + "?arch=" + arch,
		licenceComment: "see the package's file copyright, which is kept beside it",
	}
}

// installed reads what scripts/install-crun wrote down in a folder: the package that each
// file is from.
func installed(folder string) (map[string]part, error) {
	packages := map[string]part{}
	err := eachLine(filepath.Join(folder, "packages"), 4, func(fields []string) error {
		packages[fields[0]] = debianPart(fields[0], fields[1], fields[2], fields[3])
		return nil
	})
	if err != nil {
		return nil, err
	}
	files := map[string]part{}
	err = eachLine(filepath.Join(folder, "files"), 2, func(fields []string) error {
		from, ok := packages[fields[1]]
		if !ok {
			return fmt.Errorf("package %s is not in the list of packages", fields[1])
		}
		files[fields[0]] = from
		return nil
	})
	return files, err
}

func eachLine(file string, fields int, do func([]string) error) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(line)
		if len(words) != fields {
			return fmt.Errorf("%s: %q has not %d words", file, line, fields)
		}
		if err := do(words); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// parseControl reads the description of a package that Debian's tools call control.
func parseControl(control []byte) (part, error) {
	// One empty line ends a header.
	header, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(control, "\n\n"...)))).ReadMIMEHeader()
	if err != nil {
		return part{}, fmt.Errorf("read the description of a package: %w", err)
	}
	name, version, arch := header.Get("Package"), header.Get("Version"), header.Get("Architecture")
	if name == "" || version == "" || arch == "" {
		return part{}, errors.New("the description of a package lacks its name, version or architecture")
	}
	return debianPart(name, version, arch, ""), nil
}
