package ksvc

import (
	"encoding/json"
	"slices"
)

// annotationChange is, on a ConfigMap that a run has changed, the change as JSON. It is on
// the object itself, so that what a killed run has left can be undone.
const annotationChange = "kn-coldstart.dev/change"

// configChange is a run's change of a ConfigMap's values.
type configChange struct {
	// Run is the one run whose change it is.
	Run string `json:"run"`
	// Before are the values by key before the change, nil for a key that was absent, and
	// After those that the run wrote. Without any the change is undone, and only the
	// activator does not follow yet.
	Before map[string]*string `json:"before,omitempty"`
	After  map[string]string  `json:"after,omitempty"`
}

// undo says which values put back what was before, given what there is. Keys that
// somebody else has changed since the run did are left.
func (g *configChange) undo(data map[string]string) (values map[string]*string, left []string) {
	values = map[string]*string{}
	for key, after := range g.After {
		switch now := lookup(data, key); {
		case now != nil && *now == after:
			values[key] = g.Before[key]
		case !same(now, g.Before[key]):
			left = append(left, key)
		}
	}
	slices.Sort(left)
	return values, left
}

// replace makes a change in place of the one that stands, which may be nil.
func (g *configChange) replace(data map[string]string, run string, after map[string]string) configPatch {
	values := map[string]*string{}
	if g != nil {
		values, _ = g.undo(data)
	}
	next := &configChange{Run: run, Before: map[string]*string{}, After: after}
	for key, value := range after {
		before, undone := values[key]
		if !undone {
			before = lookup(data, key)
		}
		next.Before[key], values[key] = before, &value
	}
	return configPatch{values, next}
}

// configPatch is what becomes of a ConfigMap: its values by key. A nil value removes
// the key, and a nil map changes nothing, not even the note.
type configPatch struct {
	data   map[string]*string
	change *configChange // nil removes the note
}

// encode makes a merge patch that fails if the object is another version.
func (p configPatch) encode(version string) ([]byte, error) {
	var note *string
	if p.change != nil {
		b, err := json.Marshal(p.change)
		if err != nil {
			return nil, err
		}
		text := string(b)
		note = &text
	}
	metadata := map[string]any{"annotations": map[string]*string{annotationChange: note}}
	if version != "" {
		metadata["resourceVersion"] = version
	}
	return json.Marshal(map[string]any{"metadata": metadata, "data": p.data})
}

func lookup(m map[string]string, key string) *string {
	if value, there := m[key]; there {
		return &value
	}
	return nil
}

// same says whether two values are, of which either may be absent.
func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
