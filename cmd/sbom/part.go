package main

import (
	"net/url"
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
	return part{
		name: m.path, version: m.version,
		purl:       "pkg:golang/" + strings.ToLower(m.path) + "@" + url.QueryEscape(m.version),
		download:   "https://proxy.golang.org/" + path + "/@v/" + url.PathEscape(version) + ".zip",
		sourceInfo: "checksum in go.sum: " + m.sum,
		licence:    licence, licenceComment: comment,
	}, nil
}

// moduleLicence is the licence that the texts in a module's own folder have. If they have
// several, the texts do not say whether all hold or one may be chosen.
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
		if lower := strings.ToLower(text); strings.Contains(text, "/") || strings.HasPrefix(lower, "notice") || strings.HasPrefix(lower, "patents") {
			continue
		}
		content, err := s.read(m, text)
		if err != nil {
			return "", "", err
		}
		all = append(all, licencesOf(content)...)
	}
	slices.Sort(all)
	switch all = slices.Compact(all); len(all) {
	case 0:
		return "", "not recognised", nil
	case 1:
		return all[0], "", nil
	}
	return "", "several texts: " + strings.Join(all, ", "), nil
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
