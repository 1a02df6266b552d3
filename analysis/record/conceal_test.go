package record

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
)

// secretSettings are settings with a secret in every place for values of the user's.
func secretSettings(secret string) Settings {
	side := func() *Side { return &Side{Image: "x", Env: map[string]string{"TOKEN": secret}} }
	return Settings{
		Env:  map[string]string{"TOKEN": secret, "MODE": "fast"},
		Args: []string{"serve", "--token=" + secret}, Command: []string{"/bin/server", "token=" + secret},
		A: side(), B: side(),
	}
}

// No value that a function was given is in a run file, or in what is read of one that an
// earlier version wrote. Names are, and whether two values are the same.
func TestValuesAreConcealed(t *testing.T) {
	const secret = "hunter2"
	settings := secretSettings(secret)
	var out bytes.Buffer
	w, err := NewWriter(&out, Header{RunID: "r", Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(0, EndCompleted, nil); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if strings.Contains(text, secret) {
		t.Errorf("the run file holds a secret: %s", text)
	}
	if settings.Env["TOKEN"] != secret || settings.A.Env["TOKEN"] != secret || settings.Args[1] != "--token="+secret {
		t.Errorf("the run's own settings were changed: %+v", settings)
	}
	for _, want := range []string{"TOKEN", "MODE", `"serve"`, `"/bin/server"`, "--token="} {
		if !strings.Contains(text, want) {
			t.Errorf("the run file does not hold %s", want)
		}
	}
	run, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	env := run.Header.Settings.Env
	if other := (Settings{Env: map[string]string{"TOKEN": "hunter3"}}).concealed().Env; other["TOKEN"] == env["TOKEN"] {
		t.Error("another value has the same hash")
	}
	earlier := strings.Replace(text, env["TOKEN"], secret, 1)
	old, err := Read(strings.NewReader(earlier))
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(old.Header.Settings.Env, env) || !slices.Equal(old.Header.Settings.Args, run.Header.Settings.Args) {
		t.Errorf("of an earlier file %+v is read, want %+v", old.Header.Settings, run.Header.Settings)
	}
}
