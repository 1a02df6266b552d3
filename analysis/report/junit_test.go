package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// element is a piece of XML.
type element struct {
	name       string
	attributes map[string]string
	children   []*element
	text       string
}

func parseXML(t *testing.T, text []byte) *element {
	t.Helper()
	d, top := xml.NewDecoder(bytes.NewReader(text)), &element{}
	stack := []*element{top}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		last := stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attributes: map[string]string{}}
			for _, a := range token.Attr {
				e.attributes[a.Name.Local] = a.Value
			}
			last.children, stack = append(last.children, e), append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			last.text += string(token)
		}
	}
	if len(top.children) != 1 {
		t.Fatalf("%d elements at the top", len(top.children))
	}
	return top.children[0]
}

// rule is what a schema says of one element.
type rule struct {
	required, optional []string
	// children may occur in this order, each as often as the pattern says: one by
	// itself, with "?" at most one, with "*" any number.
	children string
}

// The schemas that readers of JUnit's XML go by, as rules: that of Ant's task, as
// windyroad/JUnit-Schema wrote it down, with the wrapper around the suites, and that of
// Maven Surefire 3.0. No file keeps both to the letter: Ant's demands of a suite what
// Surefire's does not know, which are the last four attributes and the output below. So
// the rules of Surefire allow what Ant's demand, and nothing else.
var (
	antRules = map[string]rule{
		"testsuites": {children: "(testsuite,)*"},
		"testsuite": {required: []string{"id", "package", "name", "timestamp", "hostname", "tests", "failures", "errors", "time"}, optional: []string{"skipped"},
			children: "properties,(testcase,)*system-out,system-err,"},
		"properties": {children: "(property,)*"},
		"property":   {required: []string{"name", "value"}},
		"testcase":   {required: []string{"name", "classname", "time"}, children: "(skipped,|error,|failure,)?"},
		"failure":    {required: []string{"type"}, optional: []string{"message"}},
		"error":      {required: []string{"type"}, optional: []string{"message"}},
		"skipped":    {optional: []string{"message"}},
		"system-out": {}, "system-err": {},
	}
	surefireRules = map[string]rule{
		"testsuite": {required: []string{"name", "tests", "errors", "skipped", "failures"}, optional: []string{"time", "group", "version", "timestamp", "id", "package", "hostname"},
			children: "(properties,)?(testcase,)*(system-out,)?(system-err,)?"},
		"properties": {children: "(property,)*"},
		"property":   {required: []string{"name", "value"}},
		"testcase": {required: []string{"name", "time"}, optional: []string{"classname", "group"},
			children: "(failure,)*(skipped,)?(error,)?(system-out,)?(system-err,)?"},
		"failure": {required: []string{"type"}, optional: []string{"message"}},
		"error":   {required: []string{"type"}, optional: []string{"message"}},
		"skipped": {optional: []string{"message"}}, "system-out": {}, "system-err": {},
	}
)

// breaches are in what an element, or what is in it, breaks the rules.
func breaches(e *element, rules map[string]rule) []string {
	r, known := rules[e.name]
	if !known {
		return []string{"unknown element " + e.name}
	}
	var list []string
	for _, name := range r.required {
		if _, has := e.attributes[name]; !has {
			list = append(list, e.name+" lacks "+name)
		}
	}
	for name := range e.attributes {
		if !slices.Contains(append(r.required, r.optional...), name) {
			list = append(list, e.name+" may not have "+name)
		}
	}
	order := ""
	for _, c := range e.children {
		order += c.name + ","
		list = append(list, breaches(c, rules)...)
	}
	if !regexp.MustCompile("^(?:" + r.children + ")$").MatchString(order) {
		list = append(list, fmt.Sprintf("%s has %q", e.name, order))
	}
	return list
}

// types finds values that are not of the type that both schemas ask for, and counts that
// do not add up.
func types(suite *element) []string {
	var list []string
	seen := map[string]int{}
	for _, c := range suite.children {
		if c.name != "testcase" {
			continue
		}
		seen["tests"]++
		for _, outcome := range c.children {
			seen[map[string]string{"failure": "failures", "error": "errors", "skipped": "skipped"}[outcome.name]]++
		}
		if _, err := strconv.ParseFloat(c.attributes["time"], 64); err != nil {
			list = append(list, err.Error())
		}
	}
	for _, name := range []string{"tests", "failures", "errors", "skipped"} {
		if n, err := strconv.Atoi(suite.attributes[name]); err != nil || n != seen[name] {
			list = append(list, fmt.Sprintf("%s is %q, there are %d", name, suite.attributes[name], seen[name]))
		}
	}
	if _, err := time.Parse("2006-01-02T15:04:05", suite.attributes["timestamp"]); err != nil {
		list = append(list, err.Error())
	}
	for _, name := range []string{"name", "package", "hostname"} {
		if strings.TrimSpace(suite.attributes[name]) == "" {
			list = append(list, name+" is empty")
		}
	}
	return list
}

func TestJUnitIsValid(t *testing.T) {
	judge := func(class string, v gate.Verdict) gate.Judgement {
		return gate.Judgement{Kind: gate.SLO, Key: record.Key{RuntimeClass: class, Services: 1}, Subject: "p(95)<2s", Verdict: v, Reason: "]]> & <b>\x00", Power: &gate.Power{Text: "x"}}
	}
	all := &gate.Result{Verdict: gate.Fail, Judgements: []gate.Judgement{
		judge("runc", gate.Pass), judge("gvisor", gate.Fail), judge("<kata> & \"x\"", gate.Invalid), judge("\x1b[2J", gate.Inconclusive)}}
	for name, c := range map[string]struct {
		result       *gate.Result
		inconclusive gate.Verdict
	}{
		"all verdicts":              {all, ""},
		"inconclusive is a failure": {all, gate.Fail},
		"inconclusive passes":       {all, gate.Pass},
		"nothing":                   {&gate.Result{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := JUnit(&out, c.result, c.inconclusive, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)); err != nil {
				t.Fatal(err)
			}
			top := parseXML(t, out.Bytes())
			for _, b := range breaches(top, antRules) {
				t.Errorf("Ant: %s", b)
			}
			for _, suite := range top.children {
				for _, b := range append(breaches(suite, surefireRules), types(suite)...) {
					t.Errorf("Surefire: %s", b)
				}
			}
		})
	}
}

// The rules find what they are for.
func TestTheRulesOfJUnit(t *testing.T) {
	const good = `<testsuite id="0" package="p" name="n" timestamp="2026-01-02T03:04:05" hostname="h" tests="1" failures="1" errors="0" skipped="0" time="0">` +
		`<properties/><testcase name="a" classname="b" time="0"><failure type="x"/></testcase><system-out/><system-err/></testsuite>`
	for name, c := range map[string]struct{ from, to string }{
		"an attribute that is missing": {` hostname="h"`, ``},
		"an unknown attribute":         {`<failure type="x"`, `<failure type="x" level="y"`},
		"another order":                {`<system-out/><system-err/>`, `<system-err/><system-out/>`},
		"an unknown element":           {`<properties/>`, `<properties/><note/>`},
		"two outcomes":                 {`<failure type="x"/>`, `<failure type="x"/><skipped/>`},
	} {
		t.Run(name, func(t *testing.T) {
			if list := breaches(parseXML(t, []byte(good)), antRules); len(list) != 0 {
				t.Fatalf("the good one: %v", list)
			}
			if list := breaches(parseXML(t, []byte(strings.Replace(good, c.from, c.to, 1))), antRules); len(list) == 0 {
				t.Error("it is not found")
			}
		})
	}
}
