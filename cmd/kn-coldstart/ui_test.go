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
