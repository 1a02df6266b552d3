package gate

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Mismatch is a property in which two runs differ.
type Mismatch struct {
	// Field is the JSON name in the run's header: of the fingerprint as it is,
	// "command", "settings.KEY", "image" or "imageDigest". A setting of Knative is
	// CONFIGMAP/KEY.
	Field string `json:"field"`
	Base  string `json:"base"`
	New   string `json:"new"`
}

func (m Mismatch) String() string {
	text := fmt.Sprintf("%s is %s, was %s", m.Field, m.New, m.Base)
	if m.Field == "settings.traces" {
		text += " (tracing takes time)"
	}
	return text
}

// memorySlack is the share by which the memory of one machine differs from boot
// to boot.
const memorySlack = 0.05

// Mismatches compares what two runs were made with. What either could not read
// is not compared, nor are settings that do not change what a sample is.
func Mismatches(base, new record.Header) []Mismatch {
	var list []Mismatch
	add := func(field string, b, n any) {
		if bt, nt := text(b), text(n); bt != nt && bt != "" && nt != "" {
			list = append(list, Mismatch{Field: field, Base: bt, New: nt})
		}
	}
	add("command", base.Command, new.Command)
	b, n := fields(base.Cluster), fields(new.Cluster)
	if x, y := float64(base.Cluster.MemoryBytes), float64(new.Cluster.MemoryBytes); math.Abs(x-y) <= memorySlack*max(x, y) {
		delete(b, "memoryBytes")
	}
	delete(b, "unread")
	delete(b, "knativeSettings")
	for _, field := range slices.Sorted(maps.Keys(b)) {
		add(field, b[field], n[field])
	}
	knativeMismatches(base.Cluster, new.Cluster, add)
	addSettings(base.Settings, new.Settings, add)
	for _, bc := range base.Classes {
		at := slices.IndexFunc(new.Classes, func(c record.Class) bool { return c.Name == bc.Name && c.Variant == bc.Variant })
		if at < 0 {
			continue
		}
		add("image", bc.Image, new.Classes[at].Image)
		add("imageDigest", bc.ImageDigest, new.Classes[at].ImageDigest)
	}
	return list
}

// addSettings compares the settings in which runs must agree. Whether requests are
// traced is known of every run; another setting that one side lacks is not compared.
func addSettings(base, new record.Settings, add func(field string, b, n any)) {
	values := map[string]any{}
	for _, s := range new.List() {
		values[s.Name] = s.Value
	}
	for _, s := range base.List() {
		if s.Same && s.Name != "traces" {
			add("settings."+s.Name, s.Value, values[s.Name])
		}
	}
	add("settings.traces", base.Traces, new.Traces)
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

// without drops the mismatches in fields that are what is under test.
func without(list []Mismatch, expected []string) []Mismatch {
	return slices.DeleteFunc(list, func(m Mismatch) bool { return slices.Contains(expected, m.Field) })
}
