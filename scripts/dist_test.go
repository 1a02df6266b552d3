package scripts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The platforms that the tool is released for.
var platforms = []string{"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64"}

// manifests runs scripts/package/manifests on a release that has the platforms.
func manifests(t *testing.T, platforms []string) (folder string, output string, err error) {
	t.Helper()
	folder = t.TempDir()
	sums := fmt.Sprintf("%064x  kn-coldstart_1.2.3_amd64.deb\n%064x  kn-coldstart-node_1.2.3_linux_amd64.tar.gz\n", 101, 102)
	for i, platform := range platforms {
		sums += fmt.Sprintf("%064x  kn-coldstart_1.2.3_%s.tar.gz\n", i, platform)
	}
	if err := os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(sums), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("package/manifests", folder, "v1.2.3").CombinedOutput()
	return folder, string(out), err
}

// krew is what of krew's manifest is looked at.
type krew struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     struct {
		Version   string
		Platforms []struct {
			Selector struct {
				MatchLabels struct{ OS, Arch string } `yaml:"matchLabels"`
			}
			URI, SHA256, Bin string
		}
	}
}

// Each platform is in the manifest for krew, with its archive and the checksum of that.
func TestKrewManifest(t *testing.T) {
	folder, out, err := manifests(t, platforms)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(folder, "coldstart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var k krew
	if err := yaml.Unmarshal(text, &k); err != nil {
		t.Fatal(err)
	}
	if k.Kind != "Plugin" || k.Metadata.Name != "coldstart" || k.Spec.Version != "v1.2.3" || len(k.Spec.Platforms) != len(platforms) {
		t.Errorf("got %+v", k)
	}
	for i, p := range k.Spec.Platforms {
		name := p.Selector.MatchLabels.OS + "_" + p.Selector.MatchLabels.Arch
		if name != platforms[i] || !strings.HasSuffix(p.URI, "/v1.2.3/kn-coldstart_1.2.3_"+name+".tar.gz") || p.SHA256 != fmt.Sprintf("%064x", i) {
			t.Errorf("platform %d, want %s: %+v", i, platforms[i], p)
		}
		if extension := filepath.Ext(p.Bin); (extension == ".exe") != strings.HasPrefix(name, "windows") {
			t.Errorf("%s: the program is %s", name, p.Bin)
		}
	}
}

// The formula for Homebrew has a URL and, on the next line, its checksum for macOS and
// Linux.
func TestHomebrewFormula(t *testing.T) {
	folder, out, err := manifests(t, platforms)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(folder, "kn-coldstart.rb"))
	if err != nil {
		t.Fatal(err)
	}
	for i, platform := range platforms[:4] {
		want := fmt.Sprintf("/v1.2.3/kn-coldstart_1.2.3_%s.tar.gz\"\n      sha256 \"%064x\"\n", platform, i)
		if strings.Count(string(text), want) != 1 {
			t.Errorf("it has not once %q", want)
		}
	}
}

// Without an archive there are no manifests that would name it.
func TestManifestsWithoutAnArchive(t *testing.T) {
	folder, out, err := manifests(t, platforms[:4])
	if err == nil || !strings.Contains(out, "@windows_amd64@") {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(folder, "coldstart.yaml")); err == nil {
		t.Error("an incomplete manifest was left")
	}
}
