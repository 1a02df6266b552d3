package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each mode of install-prerequisites installs what it takes, and no browser for a build.
func TestPrerequisites(t *testing.T) {
	for mode, want := range map[string][]string{
		"":      {"iptables", "gcc", "chromium", "iproute2", "procps"},
		"build": {"iptables", "gcc"},
		"run":   {"iptables"},
	} {
		installed := prerequisites(t, mode)
		for _, name := range []string{"iptables", "gcc", "chromium", "iproute2", "procps"} {
			if slices.Contains(installed, name) != slices.Contains(want, name) {
				t.Errorf("mode %q installs %q, want of %s: %v", mode, installed, name, slices.Contains(want, name))
			}
		}
	}
	if out, err := exec.Command("./install-prerequisites", "biuld").CombinedOutput(); err == nil || !strings.Contains(string(out), "no mode biuld") {
		t.Errorf("an unknown mode: %v, %s", err, out)
	}
}

// prerequisites are the packages that install-prerequisites installs where nothing is there.
func prerequisites(t *testing.T, mode string) []string {
	t.Helper()
	text, err := os.ReadFile("install-prerequisites")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, program := range map[string]string{
		"script":  strings.ReplaceAll(string(text), "\n/", "\n"+folder+"/none/"),
		"id":      "#!/bin/sh\necho 0\n",
		"apt-get": "#!/bin/sh\n[ \"$1\" = update ] || echo \"$*\" >>\"$LOG\"\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(program), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(folder, "script"))
	if mode != "" {
		cmd.Args = append(cmd.Args, mode)
	}
	log := filepath.Join(folder, "log")
	cmd.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"), "LOG="+log)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(calls))
}
