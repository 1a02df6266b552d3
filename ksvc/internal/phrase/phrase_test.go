package phrase

import (
	"strings"
	"testing"
)

func TestOneLine(t *testing.T) {
	long := OneLine("begin " + strings.Repeat("ä ", 400) + "the cause")
	if n := len([]rune(long)); n != Limit+1 {
		t.Errorf("%d runes, want %d and an ellipsis", n, Limit)
	}
	if !strings.HasPrefix(long, "begin ") || !strings.HasSuffix(long, " the cause") {
		t.Errorf("neither begins nor ends as the message: %s", long)
	}
}

func TestJoin(t *testing.T) {
	if got := Join("pod x", "", "no\n  such host", " "); got != "pod x: no such host" {
		t.Errorf("Join = %q", got)
	}
}
