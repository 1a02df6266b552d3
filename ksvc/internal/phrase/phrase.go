// Package phrase puts what Kubernetes and Knative say into one line for people.
// Nothing reads the result: programs read fields.
package phrase

import "strings"

// Limit is the longest line in characters. It keeps a diagnosis readable.
const Limit = 300

// OneLine is a message without line breaks, cut off at Limit.
func OneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > Limit {
		return string(r[:Limit]) + "…"
	}
	return s
}

// Join puts colons between the parts that are not empty.
func Join(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p = OneLine(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ": ")
}
