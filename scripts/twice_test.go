package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// twiceOf runs scripts/package/twice on a repository whose scripts/dist is the given one,
// after something is done to it.
func twiceOf(t *testing.T, dist, change string) (string, error) {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"build-flags", "package/settings", "package/twice"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		putScript(t, filepath.Join(folder, "scripts", name), string(text))
	}
	putScript(t, filepath.Join(folder, "scripts/dist"), dist)
	prepare := exec.Command("sh", "-ec", `git init -q && git add . && git -c user.name=a -c user.email=a@b commit -qm a && `+change)
	prepare.Dir = folder
	if out, err := prepare.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(filepath.Join(folder, "scripts/package/twice")).CombinedOutput()
	return string(out), err
}

func putScript(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// Two builds are the same or not; of what is not committed neither would have anything.
func TestTwice(t *testing.T) {
	const same, differs = "#!/bin/sh\nmkdir \"$1\" && echo a >\"$1/file\"\n", "#!/bin/sh\nmkdir \"$1\" && echo \"$1\" >\"$1/file\"\n"
	for name, c := range map[string]struct {
		dist, change, want string
		fails              bool
	}{
		"same":      {same, ":", "reproducible: 1 files", false},
		"different": {differs, ":", "differ", true},
		"changed":   {same, "echo >>scripts/dist", "changes that are not committed", true},
		"new file":  {same, "echo >new", "changes that are not committed", true},
	} {
		out, err := twiceOf(t, c.dist, c.change)
		if (err != nil) != c.fails || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v, %s\nwant %s", name, err, out, c.want)
		}
	}
}
