package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The annotations by which an archive tells the name of an image. containerd and BuildKit
// write the first one, all others only the second.
const (
	annotationName    = "io.containerd.image.name"
	annotationRefName = "org.opencontainers.image.ref.name"
)

// WriteArchive writes an OCI archive with one image, which is called reference. The same
// image gives the same bytes.
func WriteArchive(w io.Writer, reference string, img v1.Image) error {
	archive := tar.NewWriter(w)
	if err := writeLayout(archive, reference, img); err != nil {
		return fmt.Errorf("write image %s: %w", reference, err)
	}
	return archive.Close()
}

// ReadArchive is what WriteArchive writes, to be read while it is written. It has to be
// closed.
func ReadArchive(reference string, img v1.Image) io.ReadCloser {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(WriteArchive(writer, reference, img)) }()
	return reader
}

func writeLayout(archive *tar.Writer, reference string, img v1.Image) error {
	index, err := indexOf(reference, img)
	if err != nil {
		return err
	}
	if err := writeText(archive, "oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	if err := writeText(archive, "index.json", index); err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		if err := writeLayer(archive, layer); err != nil {
			return err
		}
	}
	return writeDescription(archive, img)
}

// indexOf is the file index.json, which names the one image.
func indexOf(reference string, img v1.Image) ([]byte, error) {
	tag, err := name.NewTag(reference)
	if err != nil {
		return nil, err
	}
	descriptor, err := partial.Descriptor(img)
	if err != nil {
		return nil, err
	}
	descriptor.Annotations = map[string]string{annotationName: reference, annotationRefName: tag.TagStr()}
	return json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{*descriptor}})
}

// writeDescription writes the image's configuration and manifest.
func writeDescription(archive *tar.Writer, img v1.Image) error {
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	configDigest, err := img.ConfigName()
	if err != nil {
		return err
	}
	if err := writeText(archive, blobPath(configDigest), config); err != nil {
		return err
	}
	manifest, err := img.RawManifest()
	if err != nil {
		return err
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	return writeText(archive, blobPath(digest), manifest)
}

func writeLayer(archive *tar.Writer, layer v1.Layer) error {
	digest, err := layer.Digest()
	if err != nil {
		return err
	}
	size, err := layer.Size()
	if err != nil {
		return err
	}
	content, err := layer.Compressed()
	if err != nil {
		return err
	}
	defer content.Close()
	return writeFile(archive, blobPath(digest), size, content)
}

func writeText(archive *tar.Writer, path string, text []byte) error {
	return writeFile(archive, path, int64(len(text)), bytes.NewReader(text))
}

func writeFile(archive *tar.Writer, path string, size int64, content io.Reader) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: path, Mode: 0o644, Size: size, ModTime: time.Unix(0, 0)}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(archive, content)
	return err
}

func blobPath(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }
