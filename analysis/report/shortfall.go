package report

import (
	"fmt"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
)

// shortfallLimit bounds the rounds of a cell in the table; JSON has all.
const shortfallLimit = 3

// shortfallTable says of each round in which not every service was answered what
// was seen of the reasons; nil where there is none.
func shortfallTable(s *analysis.Summary) *table {
	t := newTable("fell short", " services", " round", " answered", "seen of", " count", "what")
	for _, c := range s.Cells {
		for i, short := range c.Shortfalls {
			if i == shortfallLimit {
				t.row(c.Class().String(), fmt.Sprint(c.Services), "…", "", "", "", fmt.Sprintf("%d more rounds", len(c.Shortfalls)-i))
				break
			}
			for _, o := range short.Observations() {
				number := ""
				if o.Count > 0 {
					number = fmt.Sprint(o.Count)
				}
				t.row(c.Class().String(), fmt.Sprint(c.Services), fmt.Sprint(short.Block), fmt.Sprintf("%d/%d", short.Answered, short.Services),
					o.About, number, o.What)
			}
		}
	}
	if len(t.rows) == 0 {
		return nil
	}
	t.ditto(0, 1, 2, 3)
	return t
}

const shortfallNote = "Fell short: what was seen in rounds in which not every service was answered, until the last request ended, the most telling first; several may hold at once. " +
	"Pods: services whose pods Kubernetes says something against; instances: how far that of an unanswered service had come when its request ended; " +
	"CPU: the share of all CPUs of the node from the first request to the last end."

// limitTable has the limits that a search found; nil where none was sought.
func limitTable(s *analysis.Summary) *table {
	if len(s.Limits) == 0 {
		return nil
	}
	t := newTable("limit of", " services", "what ended the search")
	for _, l := range s.Limits {
		t.row(l.RuntimeClass, fmt.Sprint(l.Services), l.Message)
	}
	return t
}

const limitNote = "Limit: the largest number of services that held in its one round; the next larger ones that were tried did not. Another search may end a few services away."

// requested is how many services of a cell there were to answer.
func requested(c analysis.Cell) int {
	if c.Instances != nil {
		return c.Instances.Requested
	}
	return c.Samples
}

// lacking says, behind what tells of those that were answered, how many were not;
// empty where all were.
func lacking(s *analysis.Summary) string {
	var list []string
	for _, c := range s.Cells {
		if missing := requested(c) - c.OK; missing > 0 {
			list = append(list, fmt.Sprintf("%s: %d of %d", label(c, s.Cells), missing, requested(c)))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " Not answered, and not in it: " + strings.Join(list, ", ") + "."
}
