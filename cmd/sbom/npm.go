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
// pins them in lines of name, version and checksum.
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
		name, version := words[0], words[1]
		parts = append(parts, part{
			name: name, version: version, sourceInfo: "checksum of npm: " + words[2],
			purl:           "pkg:npm/" + name + "@" + version,
			download:       fmt.Sprintf("https://registry.npmjs.org/%s/-/%s-%s.tgz", name, name, version),
			licenceComment: "see templates/echarts",
		})
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("%s pins no packages", file)
	}
	return parts, nil
}
