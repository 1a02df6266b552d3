package autoscaler

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// panicMode finds the metric of the target's revision in Prometheus' text format, such as
//
//	kn_revision_panic_mode{k8s_namespace_name="bench",kn_revision_name="h-1-00001"} 1
//
// The names that Knative gives to the metric and its labels changed over time, and all of
// them end in the same way.
func panicMode(text []byte, t record.Target) (bool, error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		metric, rest, labelled := strings.Cut(lines.Text(), "{")
		labels, value, ends := strings.Cut(rest, "} ")
		if !labelled || !ends || !strings.HasSuffix(metric, "panic_mode") ||
			!has(labels, "revision_name", t.Revision) || !has(labels, "namespace_name", t.Namespace) {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return false, fmt.Errorf("the autoscaler's metric %q has no number", lines.Text())
		}
		return n > 0, nil
	}
	return false, fmt.Errorf("the autoscaler has no metric panic_mode of revision %s/%s", t.Namespace, t.Revision)
}

// has says that a label whose name ends so has the value. Names of Kubernetes have nothing
// that is escaped.
func has(labels, ending, value string) bool {
	return strings.Contains(labels, ending+"="+strconv.Quote(value))
}
