package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

func htmlTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// clusterFacts are the fingerprints of the runs' clusters. Where they differ, each fact
// has every value that there is.
func clusterFacts(runs []*record.Run) []templates.Fact {
	var facts []templates.Fact
	for _, f := range fingerprintFields {
		var values []string
		for _, r := range runs {
			place(&values, cmp.Or(table.Plain(f.value(r.Header.Cluster)), "not known"))
		}
		if len(values) > 1 || len(values) == 1 && values[0] != "not known" {
			facts = append(facts, templates.Fact{Name: f.name, Value: strings.Join(values, " / ")})
		}
	}
	return facts
}

type fingerprintField struct {
	name  string
	value func(record.Fingerprint) string
}

var fingerprintFields = []fingerprintField{
	{"Kubernetes", func(f record.Fingerprint) string { return f.Kubernetes }},
	{"Knative Serving", func(f record.Fingerprint) string { return f.Knative }},
	{"Ingress", func(f record.Fingerprint) string { return cmp.Or(f.Ingress, f.IngressClass) }},
	{"Container runtime", func(f record.Fingerprint) string { return f.ContainerRuntime }},
	{"Handlers", func(f record.Fingerprint) string { return strings.Join(f.Handlers, ", ") }},
	{"Nodes", func(f record.Fingerprint) string { return known(f.Nodes) }},
	{"CPU", func(f record.Fingerprint) string { return cpu(f) }},
	{"Memory", func(f record.Fingerprint) string { return memory(f.MemoryBytes) }},
	{"Kernel", func(f record.Fingerprint) string { return strings.TrimSpace(f.Kernel + " " + f.Architecture) }},
	{"Operating system", func(f record.Fingerprint) string { return f.OS }},
	{"Frequency governor", func(f record.Fingerprint) string { return f.Governor }},
	{"Boost", func(f record.Fingerprint) string { return f.Boost }},
}

// known is empty for zero.
func known(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func cpu(f record.Fingerprint) string {
	if f.CPUs == 0 {
		return f.CPUModel
	}
	return strings.TrimPrefix(fmt.Sprintf("%s, %s", f.CPUModel, count(f.CPUs, "core")), ", ")
}

func memory(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}

// runTables say what was run: the runs, their classes and their settings.
func runTables(runs []*record.Run) []templates.Table {
	list := table.New("run", "command", "begun", "ended", " samples", " seed", "kn-coldstart")
	classes := table.New("runtimeClass", "handler", "image", "digest")
	settings := table.New("setting", "value")
	for _, r := range runs {
		h, ended := r.Header, "killed"
		if r.End != nil {
			ended = r.End.Reason
		}
		list.Row(h.RunID, h.Command, htmlTime(h.Started), ended, fmt.Sprint(len(r.Samples)), fmt.Sprint(h.Seed), strings.TrimSpace(h.Tool.Version+" "+h.Tool.Commit))
		for _, c := range h.Classes {
			classes.Once(c.Key().String(), cmp.Or(c.Handler, table.None), c.Image, cmp.Or(c.ImageDigest, table.None))
		}
		for _, one := range h.Settings.List() {
			settings.Once(inWords(one.Name), settingText(one.Name, one.Value))
		}
	}
	return []templates.Table{htmlTable("Runs", list), htmlTable("RuntimeClasses and what they ran", classes), htmlTable("Settings", settings)}
}

// inWords is the JSON name of a setting as people say it: "clientTimeoutNs" is "client
// timeout".
func inWords(name string) string {
	var words strings.Builder
	for _, r := range strings.TrimSuffix(name, "Ns") {
		if unicode.IsUpper(r) {
			words.WriteByte(' ')
		}
		words.WriteRune(unicode.ToLower(r))
	}
	return strings.TrimSpace(words.String())
}

// settingText is the value of a setting in words.
func settingText(key string, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case float64:
		if strings.HasSuffix(key, "Ns") {
			return stat.Format(time.Duration(v))
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		var list []string
		for _, one := range v {
			list = append(list, settingText(key, one))
		}
		return strings.Join(list, ", ")
	case map[string]any:
		var list []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			list = append(list, fieldText(key, name, v[name]))
		}
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(v)
}

// fieldText is one entry of a setting that has several. What they are called is ours
// only in a side and in the tolerance; elsewhere it is a name of the user's, such as an
// environment variable.
func fieldText(key, name string, v any) string {
	switch key {
	case "tolerance", "a", "b":
		return inWords(name) + " " + settingText(name, v)
	}
	return name + "=" + settingText(name, v)
}
