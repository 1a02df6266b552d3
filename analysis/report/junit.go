package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// The parts of JUnit's XML that Ant, Maven Surefire and continuous integration know.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		ID         int             `xml:"id,attr"`
		Package    string          `xml:"package,attr"`
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Hostname   string          `xml:"hostname,attr"`
		Properties junitProperties `xml:"properties"`
		Cases      []junitCase     `xml:"testcase"`
		Output     string          `xml:"system-out"`
		Errput     string          `xml:"system-err"`
	}
	junitProperties struct {
		List []junitProperty `xml:"property"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		Name    string       `xml:"name,attr"`
		Time    string       `xml:"time,attr"`
		Failure *junitReason `xml:"failure,omitempty"`
		Error   *junitReason `xml:"error,omitempty"`
		Skipped *junitSkip   `xml:"skipped,omitempty"`
	}
	junitReason struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	// junitSkip has no type, which Ant does not allow there.
	junitSkip struct {
		Message string `xml:"message,attr"`
	}
)

// junitNoTime stands where a test has a duration: judging takes none.
const junitNoTime = "0.000"

// JUnit writes what a gate says as JUnit XML, with a test case for each judgement. One
// that fails is a failure and an invalid one is an error. An inconclusive one is
// skipped, or a failure if inconclusive counts as gate.Fail. The suite is dated by when
// the runs began.
func JUnit(w io.Writer, r *gate.Result, inconclusive gate.Verdict, began time.Time) error {
	suite := junitSuite{Package: "coldstart", Name: "kn-coldstart gate", Tests: len(r.Judgements), Time: junitNoTime,
		Timestamp: began.UTC().Format("2006-01-02T15:04:05"), Hostname: "localhost",
		Properties: junitProperties{List: []junitProperty{{"verdict", string(r.Verdict)}, {"exitCode", fmt.Sprint(r.ExitCode(inconclusive))}}}}
	for _, j := range r.Judgements {
		suite.add(j, inconclusive)
	}
	for _, warning := range r.Warnings {
		suite.Errput += "warning: " + table.Line(warning.String()) + "\n"
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

// add adds a test case. Its name has the class in it, because many readers show the
// name alone.
func (suite *junitSuite) add(j gate.Judgement, inconclusive gate.Verdict) {
	c := junitCase{Class: table.Plain(fmt.Sprintf("coldstart.%s.services=%d", j.Class().String(), j.Services)),
		Name: table.Plain(judgementName(j)), Time: junitNoTime}
	reason := table.Plain(j.Reason)
	text := &junitReason{Type: string(j.Verdict), Message: reason, Text: reason}
	switch verdict := j.Verdict; {
	case verdict == gate.Pass:
	case verdict == gate.Fail, verdict == gate.Inconclusive && inconclusive == gate.Fail:
		c.Failure = text
		suite.Failures++
	case verdict == gate.Inconclusive:
		c.Skipped = &junitSkip{Message: reason}
		suite.Skipped++
	default:
		c.Error = text
		suite.Errors++
	}
	suite.Cases = append(suite.Cases, c)
	suite.Output += fmt.Sprintf("%s: %s: %s\n", j.Verdict, c.Name, reason)
	if j.Power != nil {
		suite.Output += "  power: " + table.Plain(j.Power.Text) + "\n"
	}
	if j.Notice != "" {
		suite.Output += "  notice: " + table.Plain(j.Notice) + "\n"
	}
}
