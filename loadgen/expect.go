package loadgen

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	// It reads what encoding/json reads in a fifth of the time, which counts in a load.
	"github.com/segmentio/encoding/json"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Expect says which answers are right. The zero value takes every answer of status 2xx,
// or of a gRPC call every one of status OK.
type Expect struct {
	// Status are the ranges of HTTP's status that are right; none stands for 2xx.
	Status []StatusRange
	// Body must match the answer's body, or the first 64 KiB of a longer one; nil
	// matches all.
	Body *regexp.Regexp
	// Header must match the values of a header, by its name.
	Header map[string]*regexp.Regexp
}

// StatusRange is the status From to To, both included.
type StatusRange struct{ From, To int }

// success is what is right where the user says nothing.
var success = []StatusRange{{200, 299}}

// judge sets the sample's outcome. An answer of cmd/coldfn is recognised by itself, and
// tells who answered.
func (e Expect) judge(t record.Target, a Answer, s *record.Sample) {
	if a.GRPC != nil {
		s.GRPCStatus = &a.GRPC.Code
	}
	if f := coldfn(a.Body); f != nil {
		s.Function, s.Instance, s.Proof = f, &record.Instance{Pod: f.Pod}, record.ProofAnswer
	}
	s.Outcome, s.Error = e.outcome(t, a, s.Function)
}

// outcome is what an answer is worth, and what is wrong with it.
func (e Expect) outcome(t record.Target, a Answer, f *record.Function) (record.Outcome, string) {
	if f != nil && !belongs(f.Pod, t) {
		return record.WrongInstance, fmt.Sprintf("answered by pod %s, which is not of %s", f.Pod, owner(t))
	}
	if !e.takes(a.Status) {
		return record.HTTP, unexpected(a)
	}
	if g := a.GRPC; g != nil && g.Code != 0 {
		return record.HTTP, strings.TrimSuffix(fmt.Sprintf("gRPC status %d: %s", g.Code, excerpt([]byte(g.Message))), ": an empty body")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Header)) { // in the same words for all requests that end alike
		if values, pattern := strings.Join(a.Header.Values(name), ", "), e.Header[name]; !pattern.MatchString(values) {
			return record.Body, fmt.Sprintf("header %s is %q, which does not match %q", name, values, pattern)
		}
	}
	if e.Body != nil && !e.Body.Match(a.Body) {
		return record.Body, fmt.Sprintf("the body does not match %q: %s", e.Body, excerpt(a.Body))
	}
	return record.OK, ""
}

func (e Expect) takes(status int) bool {
	ranges := e.Status
	if len(ranges) == 0 {
		ranges = success
	}
	for _, r := range ranges {
		if r.From <= status && status <= r.To {
			return true
		}
	}
	return false
}

// unexpected says what came in place of the right status.
func unexpected(a Answer) string {
	if to := a.Header.Get("Location"); to != "" && a.Status >= 300 && a.Status < 400 {
		return fmt.Sprintf("status %d redirects to %s, and redirects are not followed", a.Status, excerpt([]byte(to)))
	}
	return fmt.Sprintf("status %d: %s", a.Status, excerpt(a.Body))
}

// coldfn is the answer of cmd/coldfn, or nil of any other function's. What tells it
// apart is a JSON with the name of its pod, a nonce and a count of requests.
func coldfn(body []byte) *record.Function {
	if len(body) == 0 || body[0] != '{' {
		return nil
	}
	var f record.Function
	if err := json.Unmarshal(body, &f); err != nil || f.Pod == "" || f.Nonce == "" || f.Requests < 1 {
		return nil
	}
	return &f
}

// ParseStatus reads one status such as 204, or a class of them such as 2xx.
func ParseStatus(text string) (StatusRange, error) {
	var status int
	if class, found := strings.CutSuffix(strings.ToLower(text), "xx"); found {
		if len(class) == 1 && class >= "1" && class <= "5" {
			from := int(class[0]-'0') * 100
			return StatusRange{from, from + 99}, nil
		}
	} else if _, err := fmt.Sscanf(text, "%d", &status); err == nil && fmt.Sprint(status) == text && status >= 100 && status <= 599 {
		return StatusRange{status, status}, nil
	}
	return StatusRange{}, fmt.Errorf("%q is no status of HTTP: write 200 or 2xx", text)
}

// ParseHeader reads "NAME: VALUE".
func ParseHeader(text string) (name, value string, err error) {
	name, value, found := strings.Cut(text, ":")
	if name = strings.TrimSpace(name); !found || name == "" || strings.ContainsAny(name, " \t\r\n") {
		return "", "", fmt.Errorf("%q is no header: write \"NAME: VALUE\"", text)
	}
	return http.CanonicalHeaderKey(name), strings.TrimSpace(value), nil
}
