package loadgen

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestExpect(t *testing.T) {
	page := Answer{Status: 200, Header: http.Header{"X-Version": {"v2"}}, Body: []byte("hello world")}
	for _, test := range []struct {
		name   string
		expect Expect
		answer Answer
		want   record.Outcome
		text   string
	}{
		{name: "any 2xx", answer: Answer{Status: 299}, want: record.OK},
		{name: "no 3xx", answer: Answer{Status: 304}, want: record.HTTP, text: "status 304"},
		{name: "another status", expect: Expect{Status: []StatusRange{{404, 404}}}, answer: Answer{Status: 404}, want: record.OK},
		{name: "not that status", expect: Expect{Status: []StatusRange{{201, 201}, {300, 399}}}, answer: page, want: record.HTTP, text: "status 200: hello world"},
		{name: "body", expect: Expect{Body: regexp.MustCompile("wor.d$")}, answer: page, want: record.OK},
		{name: "another body", expect: Expect{Body: regexp.MustCompile("bye")}, answer: page, want: record.Body, text: `does not match "bye": hello world`},
		{name: "header", expect: Expect{Header: map[string]*regexp.Regexp{"X-Version": regexp.MustCompile("^v2$")}}, answer: page, want: record.OK},
		{
			name: "no header", expect: Expect{Header: map[string]*regexp.Regexp{"X-Other": regexp.MustCompile(".")}}, answer: page,
			want: record.Body, text: `header X-Other is ""`,
		},
		{name: "gRPC", answer: Answer{Status: 200, GRPC: &GRPCStatus{}}, want: record.OK},
		{name: "gRPC failed", answer: Answer{Status: 200, GRPC: &GRPCStatus{14, "no backend"}}, want: record.HTTP, text: "gRPC status 14: no backend"},
		{name: "an answer of the function", answer: Answer{Status: 200, Body: []byte(functionBody(revision + "-a"))}, want: record.OK},
		{name: "the function is wrong", answer: Answer{Status: 500, Body: []byte(functionBody(revision + "-a"))}, want: record.HTTP},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s record.Sample
			test.expect.judge(targetAt("a:1"), test.answer, &s)
			if s.Outcome != test.want || !strings.Contains(s.Error, test.text) || s.Failed() != (s.Error != "") {
				t.Errorf("got %s %q, want %s %q", s.Outcome, s.Error, test.want, test.text)
			}
			if told := strings.Contains(string(test.answer.Body), "nonce"); told != (s.Function != nil) {
				t.Errorf("the function is known: %v, want %v", s.Function != nil, told)
			}
		})
	}
}

func TestParseStatus(t *testing.T) {
	for text, want := range map[string]StatusRange{"200": {200, 200}, "2xx": {200, 299}, "5XX": {500, 599}} {
		if got, err := ParseStatus(text); got != want || err != nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "ok", "20", "600", "6xx", "xx", "200 ", "2x"} {
		if got, err := ParseStatus(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}
