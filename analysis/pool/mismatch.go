package pool

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// memorySlack is the share by which the memory of one machine differs from boot
// to boot.
const memorySlack = 0.05

// unset is how a setting is written that a run does not have.
const unset = "unset"

// Mismatches compares what two runs were made with. A property of the cluster or
// of an image that either could not read is not compared. A setting that a run does
// not have is its zero value, and differs from any other.
func Mismatches(base, new record.Header) []Mismatch {
	c := comparison{base: base, new: new}
	c.add("command", base.Command, new.Command)
	c.cluster()
	c.settings()
	c.classes()
	c.revisions()
	return c.list
}

// comparison gathers the mismatches of two runs.
type comparison struct {
	base, new record.Header
	list      []Mismatch
}

// add compares a property that is empty where it could not be read.
func (c *comparison) add(field string, base, new any) {
	if b, n := text(base), text(new); b != n && b != "" && n != "" {
		c.list = append(c.list, Mismatch{Field: field, Base: b, New: n})
	}
}

// cluster compares the fingerprints. What is summed up over the nodes is compared
// by node, because their number changes by itself.
func (c *comparison) cluster() {
	b, n := fields(c.base.Cluster), fields(c.new.Cluster)
	delete(b, "nodes")
	delete(b, "unread")
	delete(b, "knativeSettings")
	b["handlers"], n["handlers"] = c.handlers(c.base), c.handlers(c.new)
	for _, field := range []string{"cpus", "memoryBytes"} {
		x, y := perNode(c.base.Cluster, b[field]), perNode(c.new.Cluster, n[field])
		if c.base.Cluster.Nodes == 0 || c.new.Cluster.Nodes == 0 {
			x, y = perNode(record.Fingerprint{}, b[field]), perNode(record.Fingerprint{}, n[field])
		}
		switch {
		case math.Abs(x-y) <= memorySlack*max(x, y):
			delete(b, field)
		case c.base.Cluster.Nodes != c.new.Cluster.Nodes:
			b[field], n[field] = fmt.Sprintf("%.0f a node", x), fmt.Sprintf("%.0f a node", y)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(b)) {
		c.add(field, b[field], n[field])
	}
	knativeMismatches(c.base.Cluster, c.new.Cluster, c.add)
}

func perNode(f record.Fingerprint, value any) float64 {
	total, _ := value.(float64)
	return total / float64(max(f.Nodes, 1))
}

// handlers are those of the classes that both runs measured: installing one more
// RuntimeClass changes no other. Entries that name no class are all compared.
func (c *comparison) handlers(h record.Header) any {
	var list []string
	for _, entry := range h.Cluster.Handlers {
		class := handlerOf(entry)
		named := class != entry
		if !named || measured(c.base, class) && measured(c.new, class) {
			list = append(list, entry)
		}
	}
	if list == nil {
		return nil
	}
	return list
}

func measured(h record.Header, class string) bool {
	return slices.ContainsFunc(h.Classes, func(c record.Class) bool { return c.Name == class })
}

// settings compares those in which runs must agree.
func (c *comparison) settings() {
	base, new := agreed(c.base.Settings), agreed(c.new.Settings)
	names := map[string]bool{}
	for _, values := range []map[string]any{base, new} {
		for name := range values {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		c.add("settings."+name, orUnset(base[name], new[name]), orUnset(new[name], base[name]))
	}
}

func agreed(s record.Settings) map[string]any {
	values := map[string]any{}
	for _, one := range s.List() {
		if one.Same {
			values[one.Name] = one.Value
		}
	}
	return values
}

// orUnset is the value, or how its absence is written beside another's value.
func orUnset(value, other any) any {
	if value != nil {
		return value
	}
	if _, isSwitch := other.(bool); isSwitch {
		return false
	}
	return unset
}

// classes compares what the classes that both runs measured were made of.
func (c *comparison) classes() {
	for _, b := range c.base.Classes {
		at := slices.IndexFunc(c.new.Classes, func(n record.Class) bool { return n.Key() == b.Key() })
		if at < 0 {
			continue
		}
		n := c.new.Classes[at]
		c.add("handler", b.Handler, n.Handler)
		c.add("image", b.Image, n.Image)
		c.add("imageDigest", b.ImageDigest, n.ImageDigest)
	}
}

// revisions compares those of the existing services that both runs measured: another
// revision is another function.
func (c *comparison) revisions() {
	for _, b := range c.base.Settings.ExistingServices {
		for _, n := range c.new.Settings.ExistingServices {
			if n.Key() == b.Key() {
				c.add("revision", b.Revision, n.Revision)
			}
		}
	}
}

// fields are the JSON fields of a value that are not empty.
func fields(v any) map[string]any {
	out := map[string]any{}
	b, err := json.Marshal(v)
	if err != nil {
		return out
	}
	_ = json.Unmarshal(b, &out) // it was just written
	return out
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
