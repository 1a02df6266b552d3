package scenario

import (
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// Key is the name of a flag in a file.
func Key(flag string) string {
	var key strings.Builder
	upper := false
	for _, c := range flag {
		if c == '-' {
			upper = true
			continue
		}
		if upper {
			c = unicode.ToUpper(c)
		}
		key.WriteRune(c)
		upper = false
	}
	return key.String()
}

// Keys are the flags that may stand in a file, by their keys.
func Keys(flags *pflag.FlagSet) map[string]*pflag.Flag {
	keys := map[string]*pflag.Flag{}
	flags.VisitAll(func(f *pflag.Flag) {
		if _, refused := Refused[f.Name]; !refused && !f.Hidden {
			keys[Key(f.Name)] = f
		}
	})
	return keys
}

// settings are the flags of a command that a mapping names.
func (r *reader) settings(entries []entry, command string) []Setting {
	keys := Keys(r.grammar[command])
	var settings []Setting
	for _, e := range entries {
		flag := keys[e.key.Value]
		if flag == nil {
			var all []string
			for key := range keys {
				all = append(all, key)
			}
			r.unknown(e.key, command, all...)
			continue
		}
		values := r.values(e.value, flag, command+": "+e.key.Value)
		settings = append(settings, Setting{Flag: flag.Name, Values: values, At: at(e.key)})
	}
	return settings
}

// unknown finds fault with a key that is none of the known ones.
func (r *reader) unknown(key *yaml.Node, what string, known ...string) {
	camel := Key(key.Value)
	for flag, why := range Refused {
		if Key(flag) == camel {
			r.fault(key, "%s: %s has no place in a scenario: %s", what, key.Value, why)
			return
		}
	}
	if camel != key.Value && slices.Contains(known, camel) {
		r.fault(key, "%s: %s is written %s here", what, key.Value, camel)
		return
	}
	if near := nearest(key.Value, known); near != "" {
		r.fault(key, "%s: there is no key %q: did you mean %s?", what, key.Value, near)
		return
	}
	help := "'kn-coldstart " + what + " --help' lists the flags"
	if r.grammar[what] == nil {
		help = "'kn-coldstart run --help' says what there is"
	}
	r.fault(key, "%s: there is no key %q: %s", what, key.Value, help)
}

// nearest is the known key that somebody may have meant, or "". It is found as cobra finds
// a command that was mistyped.
func nearest(key string, known []string) string {
	all := &cobra.Command{SuggestionsMinimumDistance: 2}
	slices.Sort(known)
	for _, name := range slices.Compact(known) {
		all.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	if near := all.SuggestionsFor(key); len(near) > 0 {
		return near[0]
	}
	return ""
}

// values are what a flag is given, one after the other, by the type of the flag.
func (r *reader) values(n *yaml.Node, flag *pflag.Flag, what string) []Value {
	switch flag.Value.Type() {
	case "bool":
		r.yes(n, what)
		return written(n)
	case "int", "uint64":
		return r.one(n, what, "a whole number", "!!int")
	case "duration":
		return r.one(n, what, "a duration, such as 30s or 1m30s", "!!str")
	case "intSlice":
		return r.several(n, what, "a whole number", "!!int")
	case "stringSlice", "stringArray":
		return r.several(n, what, "text", texts...)
	case "NAME=VALUE", "stringToString":
		return r.pairs(n, what)
	}
	return r.one(n, what, "text", texts...)
}

// texts are what YAML takes text for that nobody has put in quotes. The flag gets it as it is
// written.
var texts = []string{"!!str", "!!int", "!!float", "!!timestamp"}

// one is the value of a flag that has one.
func (r *reader) one(n *yaml.Node, what, want string, tags ...string) []Value {
	n = resolved(n)
	if n.Kind != yaml.ScalarNode || !slices.Contains(tags, n.Tag) {
		hint := ""
		if n.Kind == yaml.ScalarNode && n.Tag == "!!bool" && slices.Contains(tags, "!!str") {
			hint = ": put it in quotes if it is text"
		}
		r.fault(n, "%s: want %s, not %s%s", what, want, kind(n), hint)
		return nil
	}
	return written(n)
}

// written is a value as it stands in the file.
func written(n *yaml.Node) []Value { return []Value{{resolved(n).Value, at(resolved(n))}} }

// several are the values of a flag that can be repeated: a list, or one.
func (r *reader) several(n *yaml.Node, what, want string, tags ...string) []Value {
	n = resolved(n)
	if n.Kind != yaml.SequenceNode {
		return r.item(n, what, want+", or a list", tags)
	}
	if len(n.Content) == 0 {
		r.fault(n, "%s: the list is empty: fill it, or leave it out", what)
	}
	var values []Value
	for _, item := range n.Content {
		values = append(values, r.item(resolved(item), what, want, tags)...)
	}
	return values
}

// item is one of several values. Without quotes "gvisor: p(95)<3s" and "Accept: text/html"
// are a key and a value to YAML, and meant as text.
func (r *reader) item(n *yaml.Node, what, want string, tags []string) []Value {
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && slices.Contains(tags, "!!str") {
		key, value := resolved(n.Content[0]), resolved(n.Content[1])
		if key.Kind == yaml.ScalarNode && value.Kind == yaml.ScalarNode && !empty(value) {
			return []Value{{key.Value + ": " + value.Value, at(n)}}
		}
	}
	return r.one(n, what, want, tags...)
}

// pairs are the values of a flag that takes NAME=VALUE: keys with values, or as the command
// line has it.
func (r *reader) pairs(n *yaml.Node, what string) []Value {
	n = resolved(n)
	if n.Kind != yaml.MappingNode {
		return r.several(n, what, "NAME: VALUE below it", "!!str")
	}
	var values []Value
	for _, e := range r.mapping(n, what) {
		value := resolved(e.value)
		if value.Kind != yaml.ScalarNode {
			r.fault(value, "%s: %s: want one value, not %s", what, e.key.Value, kind(value))
			continue
		}
		values = append(values, Value{e.key.Value + "=" + value.Value, at(e.key)})
	}
	if len(n.Content) == 0 {
		r.fault(n, "%s: it is empty: fill it, or leave it out", what)
	}
	return values
}
