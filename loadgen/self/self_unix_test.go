//go:build unix

package self

import "testing"

func TestResidentBytes(t *testing.T) {
	for system, want := range map[string]int64{"linux": 2048, "freebsd": 2048, "darwin": 2, "ios": 2} {
		if got := residentBytes(2, system); got != want {
			t.Errorf("%s: %d, want %d", system, got, want)
		}
	}
}
