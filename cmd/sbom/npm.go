package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// embedsPackages is the program that has JavaScript of npm's packages in it, for its HTML
// report.
const embedsPackages = own + "/cmd/kn-coldstart"

// npmParts are the packages that scripts/update-echarts makes that JavaScript from. It
// pins them in lines of name, version and checksum, and keeps their licences.
func npmParts(repository string) ([]part, error) {
	file := filepath.Join(repository, "scripts", "update-echarts")
	script, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var parts []part
	for line := range strings.Lines(string(script)) {
		words := strings.Fields(line)
		if len(words) != 3 || !strings.HasPrefix(words[2], "sha512-") || words[0] == "esbuild" { // esbuild only puts them together
			continue
		}
		p, err := npmPart(filepath.Join(repository, "templates", "echarts"), words[0], words[1], words[2])
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("%s pins no packages", file)
	}
	return parts, nil
}

// npmPart describes a package of npm whose licence is in a folder: echarts' own in LICENSE,
// the others' in NAME.LICENSE.
func npmPart(folder, name, version, sum string) (part, error) {
	text := name + ".LICENSE"
	if name == "echarts" {
		text = "LICENSE"
	}
	content, err := os.ReadFile(filepath.Join(folder, text))
	if err != nil {
		return part{}, fmt.Errorf("licence of the npm package %s: %w", name, err)
	}
	licence, comment := oneLicence(licencesOf(content))
	return part{
		name: name, version: version, sourceInfo: "checksum of npm: " + sum,
		purl:     "pkg:npm/" + name + "@" + version,
		download: fmt.Sprintf("https://registry.npmjs.org/%s/-/%s-%s.tgz", name, name, version),
		licence:  licence, licenceComment: comment,
	}, nil
}
