package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/utils"
)

// The identifiers of the document and of the package that is the build.
const (
	documentID = "DOCUMENT"
	buildID    = "Build"
)

// write prints the inventory as a document of SPDX 2.3, in JSON. The same inventory,
// version and time give the same bytes.
func write(w io.Writer, i *inventory, version string, created time.Time) error {
	doc, err := newDocument(i, version, created)
	if err != nil {
		return err
	}
	return encode(w, doc)
}

func encode(w io.Writer, doc *spdx.Document) error {
	return json.Write(doc, w, json.Indent(" "), json.EscapeHTML(false))
}

func newDocument(i *inventory, version string, created time.Time) (*spdx.Document, error) {
	doc := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: documentID,
		DocumentName: "kn-coldstart " + version,
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "kn-coldstart sbom"}},
			Created:  created.Format(time.RFC3339),
		},
	}
	for _, f := range i.files {
		doc.Files = append(doc.Files, newFile(f))
	}
	build, err := newBuild(i, version, doc.Files)
	if err != nil {
		return nil, err
	}
	doc.Packages = append([]*spdx.Package{build}, newPackages(i)...)
	doc.Relationships = newRelationships(i)
	doc.DocumentNamespace, err = namespace(doc)
	return doc, err
}

// namespace is a name that no document with other contents has.
func namespace(doc *spdx.Document) (string, error) {
	var content bytes.Buffer
	if err := encode(&content, doc); err != nil {
		return "", err
	}
	sum := sha256.Sum256(content.Bytes())
	return "https://" + own + "/sbom/" + hex.EncodeToString(sum[:]), nil
}

// newBuild is the package of all files of the build.
func newBuild(i *inventory, version string, files []*spdx.File) (*spdx.Package, error) {
	code, err := utils.GetVerificationCode(files, "")
	if err != nil {
		return nil, fmt.Errorf("sum up the files: %w", err)
	}
	return &spdx.Package{
		PackageName: "kn-coldstart", PackageSPDXIdentifier: buildID, PackageVersion: version,
		PackageDownloadLocation: "git+https://" + own, FilesAnalyzed: true, PackageVerificationCode: &code,
		PackageLicenseConcluded: noAssertion, PackageLicenseDeclared: cmp.Or(i.licence, noAssertion),
		PackageCopyrightText: noAssertion, PrimaryPackagePurpose: "APPLICATION",
	}, nil
}

func newFile(f file) *spdx.File {
	return &spdx.File{
		FileName: "./" + f.name, FileSPDXIdentifier: f.id(), FileComment: f.comment,
		Checksums:        []common.Checksum{{Algorithm: common.SHA1, Value: f.sha1}, {Algorithm: common.SHA256, Value: f.sha256}},
		LicenseConcluded: noAssertion, FileCopyrightText: noAssertion,
	}
}

// newPackages has each part of the inventory once.
func newPackages(i *inventory) []*spdx.Package {
	var packages []*spdx.Package
	known := map[part]bool{}
	for _, f := range i.files {
		for _, u := range f.uses {
			if !known[u.part] {
				known[u.part] = true
				packages = append(packages, newPackage(u.part))
			}
		}
	}
	slices.SortFunc(packages, func(a, b *spdx.Package) int {
		return cmp.Compare(a.PackageSPDXIdentifier, b.PackageSPDXIdentifier)
	})
	return packages
}

func newPackage(p part) *spdx.Package {
	var checksums []common.Checksum
	if p.sha256 != "" {
		checksums = []common.Checksum{{Algorithm: common.SHA256, Value: p.sha256}}
	}
	return &spdx.Package{
		PackageName: p.name, PackageSPDXIdentifier: p.id(), PackageVersion: p.version,
		PackageDownloadLocation: cmp.Or(p.download, noAssertion), PackageSourceInfo: p.sourceInfo, PackageChecksums: checksums,
		PackageLicenseConcluded: noAssertion, PackageLicenseDeclared: cmp.Or(p.licence, noAssertion),
		PackageLicenseComments: p.licenceComment, PackageCopyrightText: noAssertion,
		PackageExternalReferences: []*spdx.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: p.purl,
		}},
	}
}

func newRelationships(i *inventory) []*spdx.Relationship {
	all := []*spdx.Relationship{relationship(documentID, common.TypeRelationshipDescribe, buildID)}
	for _, f := range i.files {
		all = append(all, relationship(buildID, common.TypeRelationshipContains, f.id()))
		var ofFile []*spdx.Relationship
		known := map[use]bool{}
		for _, u := range f.uses {
			if !known[u] {
				known[u] = true
				ofFile = append(ofFile, relationship(f.id(), u.relation, u.part.id()))
			}
		}
		slices.SortFunc(ofFile, func(a, b *spdx.Relationship) int {
			return cmp.Or(cmp.Compare(a.RefB.ElementRefID, b.RefB.ElementRefID), cmp.Compare(a.Relationship, b.Relationship))
		})
		all = append(all, ofFile...)
	}
	return all
}

func relationship(a common.ElementID, relation string, b common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{RefA: common.DocElementID{ElementRefID: a}, RefB: common.DocElementID{ElementRefID: b}, Relationship: relation}
}

func (f file) id() common.ElementID { return elementID("File", f.name) }

func (p part) id() common.ElementID {
	kind, _, _ := strings.Cut(strings.TrimPrefix(p.purl, "pkg:"), "/")
	return elementID(kind, p.name+"@"+p.version)
}

var notAllowed = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// elementID makes an identifier out of a name. SPDX allows few characters in it, and a
// sum keeps names apart that differ in others.
func elementID(kind, name string) common.ElementID {
	sum := sha256.Sum256([]byte(name))
	return common.ElementID(kind + "-" + notAllowed.ReplaceAllString(name, "-") + "-" + hex.EncodeToString(sum[:4]))
}
