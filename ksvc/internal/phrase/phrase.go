// Package phrase puts what Kubernetes and Knative say into one line for people.
// Nothing reads the result: programs read fields.
package phrase

import "strings"

// Limit is the longest line in characters. It keeps a diagnosis readable.
const Limit = 300

// ending is how much of a line that is too long is from its end: who passes an error on puts
// his own words before it, so that the cause comes last.
const ending = Limit * 2 / 3

// OneLine is a message without line breaks. If it is longer than Limit, its middle is left
// out.
func OneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > Limit {
		return string(r[:Limit-ending]) + "…" + string(r[len(r)-ending:])
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
