package scenario

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// file reads the whole. Of another version nothing more is understood.
func (r *reader) file(root *yaml.Node, f *File) {
	const version, failFast, defaults, experiments = "version", "failFast", "defaults", "experiments"
	var list *yaml.Node
	entries := r.mapping(root, "the file")
	if !r.version(root, entries) {
		return
	}
	before := r.faults.Len()
	for _, e := range entries {
		switch e.key.Value {
		case version:
		case failFast:
			f.FailFast = r.yes(e.value, failFast)
		case defaults:
			r.defaults = r.known(r.mapping(e.value, defaults))
		case experiments:
			list = resolved(e.value)
		default:
			r.unknown(e.key, "the file", version, failFast, defaults, experiments)
		}
	}
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		r.fault(root, "the file: want experiments, a list with one or more")
		return
	}
	broken := r.faults.Len() > before
	for _, item := range list.Content {
		e := r.experiment(item)
		e.Faulty = e.Faulty || broken
		f.Experiments = append(f.Experiments, e)
	}
	r.unused(f.Experiments)
	r.names(list, f.Experiments)
}

// version says whether the file is of a version that this program reads.
func (r *reader) version(root *yaml.Node, entries []entry) bool {
	i := slices.IndexFunc(entries, func(e entry) bool { return e.key.Value == "version" })
	if i < 0 {
		if len(entries) > 0 {
			r.fault(root, "the file: version is missing: write version: %d", Version)
		}
		return true
	}
	n := resolved(entries[i].value)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || n.Value != "1" {
		r.fault(n, "version: this program reads version %d, and not %s", Version, kind(n))
		return false
	}
	return true
}

// known are the defaults that are settings of some experiment.
func (r *reader) known(entries []entry) []entry {
	return slices.DeleteFunc(entries, func(e entry) bool {
		var all []string
		for _, command := range r.grammar.Commands() {
			keys := Keys(r.grammar[command])
			if keys[e.key.Value] != nil {
				return false
			}
			for key := range keys {
				all = append(all, key)
			}
		}
		r.unknown(e.key, "defaults", all...)
		return true
	})
}

// unused finds fault with defaults that no experiment takes.
func (r *reader) unused(experiments []Experiment) {
	for _, d := range r.defaults {
		has := func(e Experiment) bool {
			return e.Command == "" || Keys(r.grammar[e.Command])[d.key.Value] != nil
		}
		if !slices.ContainsFunc(experiments, has) {
			r.fault(d.key, "defaults: no experiment of the file has the setting %s: leave it out", d.key.Value)
		}
	}
}

// name is what an experiment may be called, so that it is easy to write behind --only.
var name = regexp.MustCompile(`^[\pL\pN]([-\pL\pN ._+]{0,62}[\pL\pN])?$`)

func (r *reader) experiment(n *yaml.Node) (e Experiment) {
	before := r.faults.Len()
	defer func() { e.Faulty = r.faults.Len() > before }()
	e.At = at(resolved(n))
	commands := r.grammar.Commands()
	entries := r.mapping(n, "an experiment")
	for _, one := range entries {
		switch key := one.key.Value; {
		case key == "name":
			e.Name = r.name(one.value)
		case key == Gate:
			e.Judged, e.GateAt = true, at(one.key)
			e.Gate = r.settings(r.mapping(one.value, Gate), Gate)
		case !slices.Contains(commands, key):
			r.unknown(one.key, "an experiment", append(commands, "name", Gate)...)
		case e.Command != "":
			r.fault(one.key, "an experiment is one of %s: make this another one", strings.Join(commands, ", "))
		default:
			e.Command, e.At = key, at(one.key)
			e.Settings = r.withDefaults(r.mapping(one.value, key), key)
		}
	}
	if e.Name == "" && !slices.ContainsFunc(entries, func(e entry) bool { return e.key.Value == "name" }) {
		r.faults.Add(e.At, "an experiment: name is missing: give it one")
	}
	if e.Command == "" {
		r.faults.Add(e.At, "an experiment: want one of %s", strings.Join(commands, ", "))
	}
	return e
}

func (r *reader) name(n *yaml.Node) string {
	text := r.text(n, "name")
	if text != "" && !name.MatchString(text) {
		r.fault(resolved(n), "name: want at most 64 letters, digits, spaces and any of - . _ + between them, not %q", text)
	}
	return text
}

// names makes sure that each experiment has a name of its own.
func (r *reader) names(list *yaml.Node, experiments []Experiment) {
	first := map[string]Position{}
	for i, e := range experiments {
		before, taken := first[e.Name]
		if taken && e.Name != "" {
			r.fault(resolved(list.Content[i]), "an experiment: there is another one named %q, in line %d: give it a name of its own", e.Name, before.Line)
		} else {
			first[e.Name] = at(resolved(list.Content[i]))
		}
	}
}

// withDefaults are the settings of an experiment, and those of the defaults that its command
// has and that it does not say itself.
func (r *reader) withDefaults(own []entry, command string) []Setting {
	keys := Keys(r.grammar[command])
	var entries []entry
	for _, d := range r.defaults {
		said := slices.ContainsFunc(own, func(e entry) bool { return e.key.Value == d.key.Value })
		if keys[d.key.Value] != nil && !said {
			entries = append(entries, d)
		}
	}
	return r.settings(append(entries, own...), command)
}
