package table

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// Columns is how many columns of a terminal a text takes: a wide character, such as a
// Chinese one or an emoji, takes two, and an accent that follows its letter none.
func Columns(text string) int { return displaywidth.String(text) }

// Pad is a text with spaces behind it, so that it takes as many columns as said.
func Pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-Columns(text)))
}

// Cut is a name of which the middle is left out where it takes more columns than said.
func Cut(name string, most int) string {
	if Columns(name) <= most {
		return name
	}
	return displaywidth.TruncateString(name, most/2, "") + "…" + lastOf(name, (most-1)/2)
}

// lastOf is the end of a text, as long as fits.
func lastOf(text string, most int) string {
	characters := displaywidth.StringGraphemes(text)
	for left := Columns(text); left > most && characters.Next(); left -= characters.Width() {
		text = text[len(characters.Value()):]
	}
	return text
}
