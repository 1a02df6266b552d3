package image

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
)

func TestReadArchive(t *testing.T) {
	var written bytes.Buffer
	if err := WriteArchive(&written, "dev.local/a:local", empty.Image); err != nil {
		t.Fatal(err)
	}
	archive := ReadArchive("dev.local/a:local", empty.Image)
	defer archive.Close()
	read, err := io.ReadAll(archive)
	if err != nil || len(read) == 0 || !bytes.Equal(read, written.Bytes()) {
		t.Errorf("%v: read %d bytes, and written were %d", err, len(read), written.Len())
	}
	bad := ReadArchive("not a reference", empty.Image)
	defer bad.Close()
	if _, err := io.ReadAll(bad); err == nil || !strings.HasPrefix(err.Error(), "write image not a reference: ") {
		t.Errorf("got %v", err)
	}
}
