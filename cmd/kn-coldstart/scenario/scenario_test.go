package scenario_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/scenario"
)

// grammar has two experiments, one of which knows a duration that the other does not.
func grammar() scenario.Grammar {
	single := pflag.NewFlagSet("single", pflag.ContinueOnError)
	single.StringSlice("runtime-class", nil, "")
	single.Duration("client-timeout", time.Minute, "")
	single.StringToString("limit", nil, "")
	single.StringArray("header", nil, "")
	single.String("run-file", "", "")
	single.Bool("hidden", false, "")
	_ = single.MarkHidden("hidden") // it was just defined
	scale := pflag.NewFlagSet("scale", pflag.ContinueOnError)
	scale.IntSlice("services", []int{7}, "")
	scale.String("runtime-class", "", "")
	gate := pflag.NewFlagSet("gate", pflag.ContinueOnError)
	gate.StringArray("slo", nil, "")
	return scenario.Grammar{"single": single, "scale": scale, scenario.Gate: gate}
}

func parse(text string) (*scenario.File, error) {
	faults := &scenario.Faults{File: "x.yaml"}
	f := scenario.Parse([]byte(text), grammar(), faults)
	return f, faults.Err()
}

func TestKey(t *testing.T) {
	for flag, want := range map[string]string{"env": "env", "client-timeout": "clientTimeout", "max-in-flight": "maxInFlight", "a-": "a"} {
		if got := scenario.Key(flag); got != want {
			t.Errorf("%s: %s, want %s", flag, got, want)
		}
	}
}

// given are the flags of an experiment, as they would be typed.
func given(settings []scenario.Setting) []string {
	var all []string
	for _, s := range settings {
		for _, v := range s.Values {
			all = append(all, "--"+s.Flag+"="+v.Text)
		}
	}
	return all
}

func TestDefaultsAreForThoseThatDoNotSayIt(t *testing.T) {
	f, err := parse(`version: 1
failFast: True
defaults: {runtimeClass: runc, clientTimeout: 5s, limit: {cpu: 1, memory: 64Mi}}
experiments:
  - name: one
    single: {clientTimeout: 9s, header: [Accept: text/html, "A: b"]}
    gate: {slo: [p(95)<2s, runc: med<1s]}
  - name: two
    scale: {services: [1, 0x10]}
`)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, e := range f.Experiments {
		got[e.Name+" "+e.Command] = append(given(e.Settings), given(e.Gate)...)
	}
	want := map[string][]string{
		"one single": {"--runtime-class=runc", "--limit=cpu=1", "--limit=memory=64Mi", "--client-timeout=9s", "--header=Accept: text/html", "--header=A: b",
			"--slo=p(95)<2s", "--slo=runc: med<1s"},
		"two scale": {"--runtime-class=runc", "--services=1", "--services=0x10"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !f.FailFast || len(f.SHA256) != 64 || !f.Experiments[0].Judged || f.Experiments[1].Judged {
		t.Errorf("file %+v", f)
	}
}

func TestApply(t *testing.T) {
	f, err := parse("version: 1\nexperiments:\n  - {name: x, scale: {services: [1, 2]}}\n  - {name: y, single: {clientTimeout: soon}}\n")
	if err != nil {
		t.Fatal(err)
	}
	g, faults := grammar(), &scenario.Faults{File: "x.yaml"}
	for _, e := range f.Experiments {
		scenario.Apply(e.Settings, g[e.Command], faults)
	}
	if got, _ := g["scale"].GetIntSlice("services"); !cmp.Equal(got, []int{1, 2}) || !g["scale"].Changed("services") {
		t.Errorf("services %v", got)
	}
	if err := faults.Err(); err == nil || !strings.HasPrefix(err.Error(), `x.yaml:4:39: invalid argument "soon" for "--client-timeout"`) {
		t.Errorf("faults %v", err)
	}
}

func TestFaults(t *testing.T) {
	const head = "version: 1\nexperiments:\n  - name: x\n    "
	for text, want := range map[string][]string{
		"a: [":         {"x.yaml:1: this is no YAML: "},
		"[]":           {"x.yaml:1:1: the file: want keys with values below it, not a list", "x.yaml:1:1: the file: want experiments"},
		"version: one": {`x.yaml:1:10: version: this program reads version 1, and not the text "one"`},
		head + "single: {hidden: true}\n    <<: 5": {`x.yaml:4:14: single: there is no key "hidden"`, "x.yaml:5:5: an experiment: << has no place"},
		head + "single: {? [a] : b, limit: {cpu: [1], memory: }}": {
			"x.yaml:4:16: single: a key is one word, not a list", "x.yaml:4:38: single: limit: cpu: want one value, not a list", "memory has no value"},
		head + "single: {header: [{a: b, c: d}], limit: {}}": {
			"x.yaml:4:23: single: header: want text, not keys with values", "x.yaml:4:45: single: limit: it is empty"},
		head + "single: {runtimeClass: [runc, [x]], limit: 5}": {
			"x.yaml:4:35: single: runtimeClass: want text, not a list", "x.yaml:4:48: single: limit: want NAME: VALUE below it, or a list, not 5"},
		head + "scale: {}\ndefaults: {runtimeClass: [a, b]}": {"x.yaml:5:26: scale: runtimeClass: want text, not a list"},
		head + "scale: {}\ndefaults: {limit: {cpu: 1}}":      {"x.yaml:5:12: defaults: no experiment of the file has the setting limit"},
		head + "gate: {}": {"x.yaml:3:5: an experiment: want one of scale, single"},
		head + "single: {}\n  - single: {}\n  - name: x\n    scale: {}": {"x.yaml:5:5: an experiment: name is missing", `x.yaml:6:5: an experiment: there is another one named "x", in line 3`},
		head + "single: &a {runtimeClass: *a}":                          {"x.yaml:4:13: single: runtimeClass: want text"},
	} {
		_, err := parse(text)
		if err == nil {
			t.Errorf("%s: no fault", text)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != len(want) {
			t.Errorf("%s: %q, want %d faults", text, lines, len(want))
			continue
		}
		for i, line := range lines {
			if !strings.Contains(line, want[i]) {
				t.Errorf("%s: %q, want %q", text, line, want[i])
			}
		}
	}
}

// Of a file that has no fault, every experiment has a name, a command and flags that there
// are.
func FuzzParse(f *testing.F) {
	f.Add("version: 1\ndefaults: {runtimeClass: a}\nexperiments:\n  - name: x\n    single: {limit: {a: 1}, header: [a: b]}\n    gate: {slo: x}\n")
	f.Add("version: 1\nexperiments: &a [*a]\n")
	f.Add("version: 1\nexperiments:\n  - &x {name: x, scale: {services: 5}}\n  - *x\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parse(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("a fault without words")
			}
			return
		}
		if len(file.Experiments) == 0 {
			t.Error("no experiments")
		}
		names, g := map[string]bool{}, grammar()
		for _, e := range file.Experiments {
			if e.Name == "" || names[e.Name] || e.Faulty || e.At.Line < 1 || e.At.Column < 1 {
				t.Errorf("experiment %+v", e)
			}
			names[e.Name] = true
			for _, s := range e.Settings {
				if g[e.Command].Lookup(s.Flag) == nil || len(s.Values) == 0 || s.At.Line < 1 {
					t.Errorf("setting %+v", s)
				}
			}
		}
	})
}
