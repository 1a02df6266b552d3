package pool

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// notSet is how a setting of Knative is written that has Knative's own default.
const notSet = "Knative's default"

// knativeMismatches compares the settings of Knative, each by itself. A ConfigMap that
// either run could not read is not compared.
func knativeMismatches(base, new record.Fingerprint, add func(field string, b, n any)) {
	if base.KnativeSettings == nil || new.KnativeSettings == nil {
		return
	}
	either := maps.Clone(base.KnativeSettings)
	maps.Copy(either, new.KnativeSettings)
	for _, setting := range slices.Sorted(maps.Keys(either)) {
		configMap, _, _ := strings.Cut(setting, "/")
		if !slices.Contains(base.Unread, configMap) && !slices.Contains(new.Unread, configMap) {
			add(setting, valueOf(base, setting), valueOf(new, setting))
		}
	}
}

func valueOf(f record.Fingerprint, setting string) string {
	value, set := f.KnativeSettings[setting]
	switch {
	case !set:
		return notSet
	case value == "":
		return `""`
	}
	return value
}

// NotCompared says what only some of the runs know of Knative's settings and of the
// namespace's limits, so that Mismatches cannot compare it: runs of earlier versions
// know nothing of it. Where no run knows it, nothing is said.
func NotCompared(runs ...record.Header) []string {
	known := slices.ContainsFunc(runs, func(h record.Header) bool { return h.Cluster.KnativeSettings != nil })
	var list []string
	for _, h := range runs {
		f := h.Cluster
		lacks := strings.Join(f.Unread, ", ")
		if f.KnativeSettings == nil && f.Unread == nil {
			lacks = "Knative's settings and the namespace's limits"
		}
		if known && lacks != "" {
			list = append(list, fmt.Sprintf("run %s does not tell what these were, so they are not compared: %s", h.RunID, lacks))
		}
	}
	return list
}
