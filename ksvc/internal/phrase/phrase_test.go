package phrase

import (
	"strings"
	"testing"
)

func TestOneLine(t *testing.T) {
	long := OneLine(strings.Repeat("ä ", 400))
	if n := len([]rune(long)); n != Limit+1 {
		t.Errorf("%d runes, want %d and an ellipsis", n, Limit)
	}
}

func TestJoin(t *testing.T) {
	if got := Join("pod x", "", "no\n  such host", " "); got != "pod x: no such host" {
		t.Errorf("Join = %q", got)
	}
}
