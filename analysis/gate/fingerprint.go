package gate

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Mismatch is a property in which two runs differ.
type Mismatch struct {
	// Field is the JSON name in the run's header: of the fingerprint as it is,
	// "command", "settings.KEY", "image" or "imageDigest".
	Field string `json:"field"`
	Base  string `json:"base"`
	New   string `json:"new"`
}

func (m Mismatch) String() string {
	text := fmt.Sprintf("%s is %s, was %s", m.Field, m.New, m.Base)
	if m.Field == "settings."+tracesSetting {
		text += " (tracing takes time)"
	}
	return text
}

// tracesSetting says whether Knative's components reported each request. A run
// that says nothing of it was made without.
const tracesSetting = "traces"

func traced(h record.Header) bool { return h.Settings[tracesSetting] == true }

// incidental settings change what is printed, how long is measured, or where
// things are kept, but not what one sample measures.
var incidental = map[string]bool{
	"budgetns": true, "context": true, "dryrun": true, "hlog": true, "ingressaddress": true, "iterations": true, "kubeconfig": true,
	"maxblocks": true, "maxservices": true, "namespace": true, "nocolor": true, "offsetrequests": true, "output": true, "phases": true, "quiet": true,
	"runfile": true, "runtimeclass": true, "runtimeclasses": true, "seed": true, "services": true, "timeline": true, "tolerance": true,
	"verbose": true, "wait": true, "waittimeout": true,
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
	for _, field := range slices.Sorted(maps.Keys(b)) {
		add(field, b[field], n[field])
	}
	for _, key := range slices.Sorted(maps.Keys(base.Settings)) {
		if plain := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(key)); !incidental[plain] && key != tracesSetting {
			add("settings."+key, base.Settings[key], new.Settings[key])
		}
	}
	add("settings."+tracesSetting, traced(base), traced(new))
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
