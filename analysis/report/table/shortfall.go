package table

import (
	"fmt"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
)

// shortfallLimit bounds the rounds of a cell in the table. JSON has all of them.
const shortfallLimit = 3

// Shortfalls says of each round in which not every service was answered what was seen
// of the reasons.
func Shortfalls(s *analysis.Summary) *Table {
	t := New("fell short", " services", " round", " answered", "seen of", " count", "what")
	for _, c := range s.Cells {
		for i, short := range c.Shortfalls {
			if i == shortfallLimit {
				t.Row(c.Class().String(), fmt.Sprint(c.Services), "…", "", "", "", fmt.Sprintf("%d more rounds", len(c.Shortfalls)-i))
				break
			}
			for _, o := range short.Observations() {
				number := ""
				if o.Count > 0 {
					number = fmt.Sprint(o.Count)
				}
				t.Row(c.Class().String(), fmt.Sprint(c.Services), fmt.Sprint(short.Block), fmt.Sprintf("%d/%d", short.Answered, short.Services),
					o.About, number, o.What)
			}
		}
	}
	t.Ditto(0, 1, 2, 3)
	return t.orNil()
}

// ShortfallNote explains the table of shortfalls.
const ShortfallNote = "Fell short: what was seen in rounds in which not every service was answered, until the last request ended, the most telling first; several may hold at once. " +
	"Pods: services whose pods Kubernetes says something against; instances: how far that of an unanswered service had come when its request ended; " +
	"CPU: the share of all CPUs of the node from the first request to the last end."

// Limits has the limits that searches found.
func Limits(s *analysis.Summary) *Table {
	if len(s.Limits) > 0 && len(s.Loads) > 0 {
		return rates(s)
	}
	t := New("limit of", " services", "what ended the search")
	for _, l := range s.Limits {
		t.Row(l.Key().String(), fmt.Sprint(l.Services), l.Message)
	}
	return t.orNil()
}

// LimitNote explains the table of limits.
func LimitNote(s *analysis.Summary) string {
	if len(s.Loads) > 0 {
		return rateNote
	}
	return serviceNote
}

const serviceNote = "Limit: the largest number of services that held in its one round; the next larger ones that were tried did not. Another search may end a few services away."

// Lacking says how many requests were not answered, to stand behind a text about
// those that were. It is empty where all were.
func Lacking(s *analysis.Summary) string {
	var list []string
	for i := range s.Cells {
		c := &s.Cells[i]
		if missing := c.Requested() - c.OK; missing > 0 {
			list = append(list, fmt.Sprintf("%s: %d of %d", Label(c.Key, s.Cells), missing, c.Requested()))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " Not answered, and not in it: " + strings.Join(list, ", ") + "."
}
