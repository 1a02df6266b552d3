package scenario

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader reads a file, and gathers what is wrong with it.
type reader struct {
	grammar  Grammar
	faults   *Faults
	defaults []entry
}

// entry is a key of a mapping with its value.
type entry struct{ key, value *yaml.Node }

func at(n *yaml.Node) Position { return Position{n.Line, n.Column} }

func (r *reader) fault(n *yaml.Node, format string, args ...any) {
	r.faults.Add(at(n), format, args...)
}

// document is the root of the one document in a file, nil if there is none.
func (r *reader) document(data []byte) *yaml.Node {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0:
		r.faults.Add(Position{}, "the file is empty: 'kn-coldstart init' writes one to begin with")
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	switch err := d.Decode(&more); {
	case err == nil:
		r.fault(&more, "a scenario is one document: end it before ---")
	case !errors.Is(err, io.EOF):
		r.syntax(err)
	}
	return doc.Content[0]
}

// lineOfYAML is how YAML's errors begin.
var lineOfYAML = regexp.MustCompile(`^yaml: line (\d+): (?s:(.*))$`)

func (r *reader) syntax(err error) {
	if m := lineOfYAML.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1]) // it is digits
		r.faults.Add(Position{Line: line}, "this is no YAML: %s", m[2])
		return
	}
	r.faults.Add(Position{}, "this is no YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
}

// resolved is what a node stands for.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// mapping are the keys and values of a mapping, each key once. What is something else has
// none.
func (r *reader) mapping(n *yaml.Node, what string) []entry {
	n = resolved(n)
	if n.Kind != yaml.MappingNode {
		r.fault(n, "%s: want keys with values below it, not %s", what, kind(n))
		return nil
	}
	var entries []entry
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolved(n.Content[i]), n.Content[i+1]
		switch first := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			r.fault(key, "%s: a key is one word, not %s", what, kind(key))
		case key.Tag == "!!merge":
			r.fault(key, "%s: << has no place in a scenario: what is shared goes into defaults", what)
		case first != nil:
			r.fault(key, "%s: %s is there twice, first in line %d: leave one out", what, key.Value, first.Line)
		case empty(value):
			r.fault(key, "%s: %s has no value: give it one, or leave it out", what, key.Value)
		default:
			entries = append(entries, entry{key, value})
		}
		seen[key.Value] = key
	}
	return entries
}

// empty says that nothing is there, which would read as if the key were not.
func empty(n *yaml.Node) bool {
	n = resolved(n)
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// kind is what a node is, for people.
func kind(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys with values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	case n.Tag == "!!str":
		return "the text " + strconv.Quote(n.Value)
	}
	return n.Value
}

// text is a value that is text.
func (r *reader) text(n *yaml.Node, what string) string {
	n = resolved(n)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		r.fault(n, "%s: want text, not %s", what, kind(n))
		return ""
	}
	return n.Value
}

// yes is a value that is true or false.
func (r *reader) yes(n *yaml.Node, what string) bool {
	n = resolved(n)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		r.fault(n, "%s: want true or false, not %s", what, kind(n))
	}
	yes, _ := strconv.ParseBool(n.Value) // the tag says that it is one
	return yes
}
