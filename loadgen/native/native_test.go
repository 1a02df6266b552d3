package native

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// entry is a file of a layer.
type entry struct {
	name, text, link string
	kind             byte
	mode             int64
}

func layer(t *testing.T, zipped bool, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for _, e := range entries {
		if err := archive.WriteHeader(&tar.Header{Name: e.name, Typeflag: e.kind, Mode: e.mode, Size: int64(len(e.text)), Linkname: e.link}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil || !zipped {
		return out.Bytes()
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(out.Bytes())
	w.Close()
	return packed.Bytes()
}

// image writes an OCI archive of layers.
func image(t *testing.T, user string, layers ...[]byte) string {
	t.Helper()
	return imageOf(t, user, nil, layers...)
}

// imageOf is an image whose program is given arguments.
func imageOf(t *testing.T, user string, args []string, layers ...[]byte) string {
	t.Helper()
	var entries []entry
	add := func(content []byte) map[string]any {
		sum := sha256.Sum256(content)
		digest := hex.EncodeToString(sum[:])
		entries = append(entries, entry{name: "blobs/sha256/" + digest, text: string(content), kind: tar.TypeReg, mode: 0o644})
		return map[string]any{"digest": "sha256:" + digest}
	}
	encode := func(v any) []byte {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	var of []any
	for _, l := range layers {
		of = append(of, add(l))
	}
	c := add(encode(map[string]any{"config": map[string]any{"Entrypoint": []string{"/server"}, "Cmd": args, "Env": []string{"A=b"}, "User": user}}))
	m := add(encode(map[string]any{"config": c, "layers": of}))
	entries = append(entries, entry{name: "index.json", text: string(encode(map[string]any{"manifests": []any{m}})), kind: tar.TypeReg, mode: 0o644})
	path := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(path, layer(t, false, entries...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var files = []entry{
	{name: "tmp/", kind: tar.TypeDir, mode: 0o1777},
	{name: "usr/bin/server", text: "program", kind: tar.TypeReg, mode: 0o755},
	{name: "server", link: "usr/bin/server", kind: tar.TypeSymlink},
	{name: "same", link: "usr/bin/server", kind: tar.TypeLink},
}

// opened unpacks an archive where temporary files of the test are.
func opened(t *testing.T, path string) (*Root, error) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may run an image natively")
	}
	t.Setenv("TMPDIR", t.TempDir())
	return Open(path)
}

func TestOpen(t *testing.T) {
	for name, zipped := range map[string]bool{"plain": false, "gzip": true} {
		t.Run(name, func(t *testing.T) {
			r, err := opened(t, image(t, "65532", layer(t, zipped, files[:2]...), layer(t, zipped, files[2:]...)))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{"usr/bin/server", "server", "same"} {
				if text, err := os.ReadFile(filepath.Join(r.folder, file)); string(text) != "program" {
					t.Errorf("%s has %q: %v", file, text, err)
				}
			}
			info, err := os.Stat(filepath.Join(r.folder, "tmp"))
			if err != nil || info.Mode().Perm() != 0o777 || info.Mode()&os.ModeSticky == 0 {
				t.Errorf("/tmp is %v: %v", info.Mode(), err)
			}
			if r.user != 65532 || r.config.Entrypoint[0] != "/server" || r.config.Env[0] != "A=b" {
				t.Errorf("%+v", r)
			}
			if err := r.Remove(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(r.folder); !os.IsNotExist(err) {
				t.Errorf("the folder is left: %v", err)
			}
		})
	}
}

// The group is the one that the image names, that of the user in its /etc/passwd, or 0.
func TestGroup(t *testing.T) {
	users := entry{name: "etc/passwd", text: "root:x:0:0:root:/:/sh\nsome:x:65532:70:some:/tmp:/sh\n", kind: tar.TypeReg, mode: 0o644}
	for user, want := range map[string][2]uint32{"65532:7": {65532, 7}, "65532": {65532, 70}, "65531": {65531, 0}, "": {0, 0}, "65532:root": {65532, 0}} {
		r, err := opened(t, image(t, user, layer(t, false, users)))
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]uint32{r.user, r.group}; got != want {
			t.Errorf("%q runs as %v, want %v", user, got, want)
		}
	}
}

// What cannot be run natively is refused, and leaves no folder.
func TestOpenRefuses(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("not a tar, but a text that is longer than its end"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := image(t, "", layer(t, false, files...))
	cut, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(t.TempDir(), "half.tar")
	if err := os.WriteFile(half, cut[:len(cut)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	one := func(e entry) string { return image(t, "", layer(t, false, e)) }
	for path, want := range map[string]string{
		"nosuch.tar": "no such file",
		text:         "it is no OCI archive",
		half:         "it is no OCI archive",
		image(t, "nobody", layer(t, false, files...)):                            `the image's user is "nobody": it must be a number`,
		image(t, "1:staff", layer(t, false, files...)):                           `the image's group is "staff": it must be a number`,
		one(entry{name: "etc/.wh.passwd", kind: tar.TypeReg}):                    "removes etc/.wh.passwd of another layer",
		one(entry{name: "dev/null", kind: tar.TypeChar}):                         "of a type that is not supported",
		one(entry{name: "../../out", text: "x", kind: tar.TypeReg, mode: 0o644}): "path escapes from parent",
	} {
		r, err := opened(t, path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "unpack image ") {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
		if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "kn-coldstart-native-*")); r != nil || len(left) > 0 {
			t.Errorf("%s: %v, left %v", path, r, left)
		}
	}
}
