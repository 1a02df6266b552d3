package pool

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestMismatchesOfKnativeSettings(t *testing.T) {
	knows := func() record.Header {
		h := measuredOn()
		h.Cluster.KnativeSettings = map[string]string{"config-autoscaler/stable-window": "6s"}
		h.Cluster.LimitRanges, h.Cluster.ResourceQuotas = []string{}, []string{}
		return h
	}
	for name, c := range map[string]struct {
		change func(*record.Fingerprint)
		want   []Mismatch
	}{
		"the same":              {func(*record.Fingerprint) {}, nil},
		"of an earlier version": {func(f *record.Fingerprint) { f.KnativeSettings, f.LimitRanges, f.ResourceQuotas = nil, nil, nil }, nil},
		"another value": {func(f *record.Fingerprint) {
			f.KnativeSettings = map[string]string{"config-autoscaler/stable-window": "8s"}
		},
			[]Mismatch{{"config-autoscaler/stable-window", "6s", "8s"}}},
		"put back": {func(f *record.Fingerprint) { f.KnativeSettings = map[string]string{} },
			[]Mismatch{{"config-autoscaler/stable-window", "6s", "Knative's default"}}},
		"set besides": {func(f *record.Fingerprint) {
			f.KnativeSettings = map[string]string{"config-autoscaler/stable-window": "6s", "config-defaults/revision-cpu-limit": ""}
		}, []Mismatch{{"config-defaults/revision-cpu-limit", "Knative's default", `""`}}},
		"not read": {func(f *record.Fingerprint) {
			f.KnativeSettings, f.Unread = map[string]string{}, []string{"config-autoscaler", "limitRanges"}
			f.LimitRanges = nil
		}, nil},
		"a LimitRange": {func(f *record.Fingerprint) { f.LimitRanges = []string{"range Container: max cpu=1"} },
			[]Mismatch{{"limitRanges", "[]", `["range Container: max cpu=1"]`}}},
	} {
		t.Run(name, func(t *testing.T) {
			changed := knows()
			c.change(&changed.Cluster)
			if diff := cmp.Diff(c.want, Mismatches(knows(), changed)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNotCompared(t *testing.T) {
	run := func(id string, settings map[string]string, unread ...string) record.Header {
		return record.Header{RunID: id, Cluster: record.Fingerprint{KnativeSettings: settings, Unread: unread}}
	}
	older, newer := run("old", nil), run("new", map[string]string{})
	for name, c := range map[string]struct {
		runs []record.Header
		want []string // beginnings
	}{
		"all know":         {[]record.Header{newer, newer}, nil},
		"none knows":       {[]record.Header{older, older}, nil},
		"one is older":     {[]record.Header{older, newer}, []string{"run old does not tell what these were, so they are not compared: Knative's settings"}},
		"one is not whole": {[]record.Header{newer, run("part", map[string]string{}, "config-network", "limitRanges")}, []string{"run part does not tell what these were, so they are not compared: config-network, limitRanges"}},
		"all is unread":    {[]record.Header{newer, run("hidden", nil, "config-network")}, []string{"run hidden does not tell what these were, so they are not compared: config-network"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := NotCompared(c.runs...)
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %d warnings", got, len(c.want))
			}
			for i, w := range got {
				if !strings.HasPrefix(w, c.want[i]) {
					t.Errorf("got %q, want %q", w, c.want[i])
				}
			}
		})
	}
}
