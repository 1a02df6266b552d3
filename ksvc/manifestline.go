package ksvc

import (
	"regexp"
	"strconv"
	"strings"

	yamlnode "go.yaml.in/yaml/v3"
)

// field is the key and the value of a field of a mapping, or nil.
func field(n *yamlnode.Node, name string) (key, value *yamlnode.Node) {
	if n.Kind == yamlnode.AliasNode {
		n = n.Alias
	}
	if n.Kind != yamlnode.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

// step is one step of a path such as spec.containers[0].image.
var step = regexp.MustCompile(`[^.\[\]]+`)

// lineOf is the line on which the field at a path stands. A path of package
// encoding/json has no indexes of lists: then it is the first field that holds a value
// of the kind that the package complains about. Where nothing fits, it is the line of
// the deepest field on the way.
func lineOf(root *yamlnode.Node, path, kind string) int {
	deepest := root.Line
	line, _ := search(root, step.FindAllString(path, -1), kind, root.Line, &deepest)
	if line == 0 {
		return deepest
	}
	return line
}

// search is the line of the field at the end of path, below n, whose own field stands
// on a line.
func search(n *yamlnode.Node, path []string, kind string, line int, deepest *int) (int, bool) {
	if len(path) == 0 {
		return line, isA(n, kind)
	}
	*deepest = max(*deepest, line)
	if n.Kind == yamlnode.SequenceNode {
		rest, children := path, n.Content
		if i, err := strconv.Atoi(path[0]); err == nil && i < len(n.Content) {
			rest, children = path[1:], n.Content[i:i+1]
		}
		for _, child := range children {
			if found, ok := search(child, rest, kind, child.Line, deepest); ok {
				return found, true
			}
		}
		return 0, false
	}
	key, value := field(n, path[0])
	if key == nil {
		return 0, false
	}
	return search(value, path[1:], kind, key.Line, deepest)
}

// kinds are the names that package encoding/json has for what it reads, by YAML's tags.
var kinds = map[string]string{
	"!!int": "number", "!!float": "number", "!!str": "string", "!!bool": "bool", "!!map": "object", "!!seq": "array",
}

// isA says whether a value is of a kind such as "number" or "number 5".
func isA(n *yamlnode.Node, kind string) bool {
	name, _, _ := strings.Cut(kind, " ")
	return name == "" || kinds[n.ShortTag()] == name
}
