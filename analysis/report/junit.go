package report

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
)

// The part of JUnit's XML that continuous integration reads.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
		Output   string      `xml:"system-out,omitempty"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		Name    string       `xml:"name,attr"`
		Failure *junitReason `xml:"failure,omitempty"`
		Error   *junitReason `xml:"error,omitempty"`
		Skipped *junitReason `xml:"skipped,omitempty"`
		Output  string       `xml:"system-out,omitempty"`
	}
	junitReason struct {
		Message string `xml:"message,attr"`
	}
)

// JUnit writes what a gate says as JUnit XML, with a test case for each judgement. One
// that fails is a failure, an invalid one is an error, and an inconclusive one is
// skipped.
func JUnit(w io.Writer, r *gate.Result) error {
	suite := junitSuite{Name: "kn-coldstart gate", Tests: len(r.Judgements), Failures: r.Count(gate.Fail),
		Errors: r.Count(gate.Invalid), Skipped: r.Count(gate.Inconclusive)}
	for _, j := range r.Judgements {
		suite.Cases = append(suite.Cases, junitOf(j))
	}
	for _, warning := range r.Warnings {
		suite.Output += "warning: " + warning.String() + "\n"
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(junitSuites{Suites: []junitSuite{suite}}); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitOf(j gate.Judgement) junitCase {
	c := junitCase{Class: fmt.Sprintf("coldstart.%s.services=%d", j.Class().String(), j.Services), Name: string(j.Kind) + " " + j.Subject}
	reason := &junitReason{Message: j.Reason}
	switch j.Verdict {
	case gate.Fail:
		c.Failure = reason
	case gate.Invalid:
		c.Error = reason
	case gate.Inconclusive:
		c.Skipped = reason
	default:
		c.Output = j.Reason + "\n"
	}
	if j.Power != nil {
		c.Output += "power: " + j.Power.Text + "\n"
	}
	if j.Notice != "" {
		c.Output += "notice: " + j.Notice + "\n"
	}
	return c
}
