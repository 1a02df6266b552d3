package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// What say is given comes from clusters and files: numbers stay, texts steer nothing.
func TestHarmless(t *testing.T) {
	got := harmless([]any{7, "a\x1b[2J", errors.New("one\n::error::two\r"), record.Outcome("http\x07"), 0.5})
	want := []any{7, "a?[2J", "one\n: :error::two?", "http?", 0.5}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if text := fmt.Sprintf("%d %s %v %s %.1f", got...); text != "7 a?[2J one\n: :error::two? http? 0.5" {
		t.Errorf("%q", text)
	}
}

// A line of a sample that failed says why: nothing else on the screen does.
func TestOutcome(t *testing.T) {
	for _, c := range []struct {
		sample record.Sample
		want   string
	}{
		{record.Sample{Outcome: record.OK, Status: 200}, "ok"},
		{record.Sample{Outcome: record.HTTP, Status: 404, Error: "status 404: not found"}, "http (status 404: not found)"},
		{record.Sample{Outcome: record.HTTP, Status: 302, Error: "status 302 redirects to /, and redirects are not followed"},
			"http (status 302 redirects to /, and redirects are not followed)"},
		{record.Sample{Outcome: record.Timeout, Error: "not answered within 5s"}, "timeout (not answered within 5s)"},
	} {
		if got := outcome(c.sample); got != c.want {
			t.Errorf("%+v is %q, want %q", c.sample, got, c.want)
		}
	}
}
