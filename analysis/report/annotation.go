package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// annotationLimit is how many annotations of each level GitHub shows of a step.
const annotationLimit = 10

// annotation is one line for the program that reads GitHub's logs.
type annotation struct{ title, message string }

// Annotations writes GitHub workflow commands: an error for each judgement that fails
// or is invalid, a warning for each inconclusive one and for each warning of the
// result, and a notice for each notice. If there are more than GitHub shows, the last
// one of a level says how many are left.
func Annotations(w io.Writer, r *gate.Result) error {
	var errors, warnings, notices []annotation
	for _, j := range r.Judgements {
		a := annotation{title: fmt.Sprintf("%s: %s", j.Verdict, judgementName(j)), message: j.Reason}
		switch j.Verdict {
		case gate.Fail, gate.Invalid:
			errors = append(errors, a)
		case gate.Inconclusive:
			warnings = append(warnings, a)
		}
		if j.Notice != "" {
			notices = append(notices, annotation{title: judgementName(j), message: j.Notice})
		}
	}
	for _, warning := range r.Warnings {
		warnings = append(warnings, annotation{title: "cold starts", message: warning.String()})
	}
	p := printer{w: w}
	for _, level := range []struct {
		name string
		list []annotation
	}{{"error", errors}, {"warning", warnings}, {"notice", notices}} {
		for _, a := range shortened(level.list) {
			// What a run file says is made plain first: then only the escapes steer.
			p.raw(fmt.Sprintf("::%s title=%s::%s", level.name, escapeProperty(table.Plain(a.title)), escapeCommand(table.Plain(a.message))))
		}
	}
	return p.err
}

func shortened(list []annotation) []annotation {
	if len(list) <= annotationLimit {
		return list
	}
	rest := len(list) - annotationLimit + 1
	last := annotation{title: "cold starts", message: fmt.Sprintf("and %d more; the summary and the log have them all", rest)}
	return append(list[:annotationLimit-1:annotationLimit-1], last)
}

// Values of workflow commands escape what would end them:
// https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts.
var (
	commandEscapes  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func escapeCommand(s string) string  { return commandEscapes.Replace(s) }
func escapeProperty(s string) string { return propertyEscapes.Replace(s) }
