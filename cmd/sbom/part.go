package main

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
	modpath "golang.org/x/mod/module"
)

// noAssertion is what SPDX calls a thing that a document says nothing about.
const noAssertion = "NOASSERTION"

// part is something from elsewhere that is in a build: a Go module, or a package of
// Debian or npm. The fields that are not known are empty.
type part struct {
	name, version  string
	purl           string // a "package URL", by which scanners know the part
	download       string
	sourceInfo     string
	sha256         string // of the package's file
	licence        string // an SPDX identifier
	licenceComment string
}

// modulePart describes a Go module.
func modulePart(s source, m module) (part, error) {
	licence, comment, err := moduleLicence(s, m)
	if err != nil {
		return part{}, err
	}
	if m.path == std {
		version := strings.TrimPrefix(m.version, "go")
		return part{name: "Go standard library", version: version, purl: "pkg:golang/stdlib@" + version,
			download: "https://go.dev/dl/" + m.version + ".src.tar.gz", licence: licence, licenceComment: comment}, nil
	}
	path, err := modpath.EscapePath(m.path)
	if err != nil {
		return part{}, err
	}
	version, err := modpath.EscapeVersion(m.version)
	if err != nil {
		return part{}, err
	}
	info := "checksum in go.sum: " + m.sum
	if m.sum == "" {
		info = "parts of it are not compiled: see cmd/knative-node/leftout"
	}
	return part{
		name: m.path, version: m.version,
		purl:       "pkg:golang/" + strings.ToLower(m.path) + "@" + url.QueryEscape(m.version),
		download:   "https://proxy.golang.org/" + path + "/@v/" + url.PathEscape(version) + ".zip",
		sourceInfo: info,
		licence:    licence, licenceComment: comment,
	}, nil
}

// noLicence matches the names of texts that go with a licence.
var noLicence = regexp.MustCompile(`(?i)^(notices?|patents)([.-].*)?$`)

// moduleLicence is the licence that the texts in a module's own folder have.
func moduleLicence(s source, m module) (licence, comment string, err error) {
	texts, err := s.texts(m)
	if err != nil {
		return "", "", err
	}
	if len(texts) == 0 {
		return "", "the module has no licence text", nil
	}
	var all []string
	for _, text := range texts {
		if strings.Contains(text, "/") || noLicence.MatchString(text) {
			continue
		}
		content, err := s.read(m, text)
		if err != nil {
			return "", "", err
		}
		all = append(all, licencesOf(content)...)
	}
	licence, comment = oneLicence(all)
	return licence, comment, nil
}

// oneLicence is the only licence of those found. If there are several, nobody has said
// whether all hold or one may be chosen.
func oneLicence(found []string) (licence, comment string) {
	slices.Sort(found)
	switch found = slices.Compact(found); len(found) {
	case 0:
		return "", "not recognised"
	case 1:
		return found[0], ""
	}
	return "", "several texts: " + strings.Join(found, ", ")
}

// licencesOf are the licences whose texts make up most of a text.
func licencesOf(text []byte) []string {
	const most = 75 // per cent, as pkg.go.dev has it
	found := licensecheck.Scan(text)
	if found.Percent < most {
		return nil
	}
	var ids []string
	for _, match := range found.Match {
		ids = append(ids, match.ID)
	}
	return ids
}
