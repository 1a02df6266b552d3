package scripts

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A made-up entry of the database, which says that a function of a module is dangerous.
const entry = `{"schema_version": "1.3.1", "id": "GO-2000-0001", "modified": "2000-01-01T00:00:00Z", "published": "2000-01-01T00:00:00Z",
"summary": "Made up", "details": "Made up.", "database_specific": {"url": "https://example.com"}, "affected": [{"package": {"name": "MODULE", "ecosystem": "Go"},
"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
"ecosystem_specific": {"imports": [{"path": "PACKAGE", "symbols": ["SYMBOL"]}]}}]}`

// program is a small program that calls errgroup and strings.
func program(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	version, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "golang.org/x/sync").Output()
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"go.mod": "module example.com/small\n\ngo 1.26.0\n\nrequire golang.org/x/sync " + string(version),
		"go.sum": string(sums),
		"main.go": "package main\n\nimport (\n\t\"strings\"\n\n\t\"golang.org/x/sync/errgroup\"\n)\n\n" +
			"func main() {\n\tvar g errgroup.Group\n\tg.Go(func() error { return nil })\n\tprintln(strings.ToUpper(\"a\"))\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("go", "-C", folder, "build", "-gcflags=-l", "-o", "small", ".").CombinedOutput(); err != nil { // nothing inlined
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(folder, "small")
}

func TestVulnerabilities(t *testing.T) {
	small := program(t)
	for name, test := range map[string]struct {
		module, path, symbol string // what the database says is dangerous
		database, program    string
		code                 int
		want                 string
	}{
		"none known":                     {module: "golang.org/x/sync", path: "golang.org/x/sync/semaphore", symbol: "NewWeighted", want: "vulnerabilities: none known"},
		"a module has one that is used":  {module: "golang.org/x/sync", path: "golang.org/x/sync/errgroup", symbol: "Group.Go", code: 1, want: "uses modules with known vulnerabilities"},
		"Go's own library has one":       {module: "stdlib", path: "strings", symbol: "ToUpper", want: "install a newer Go"},
		"the database cannot be reached": {database: "http://127.0.0.1:1", want: "warning: NOT CHECKED"},
		"govulncheck fails":              {module: "stdlib", path: "strings", symbol: "ToUpper", program: "debian_test.go", code: 1, want: "error: govulncheck failed"},
	} {
		t.Run(name, func(t *testing.T) {
			database := cmp.Or(test.database, "file://"+t.TempDir())
			if folder, ok := strings.CutPrefix(database, "file://"); ok {
				text := strings.NewReplacer("MODULE", test.module, "PACKAGE", test.path, "SYMBOL", test.symbol).Replace(entry)
				if err := os.WriteFile(filepath.Join(folder, "GO-2000-0001.json"), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("./vulnerabilities", cmp.Or(test.program, small))
			cmd.Env = append(os.Environ(), "VULNDB="+database)
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != test.code || !strings.Contains(string(out), test.want) {
				t.Errorf("got code %d and %s, want %d and %q", code, out, test.code, test.want)
			}
		})
	}
}
