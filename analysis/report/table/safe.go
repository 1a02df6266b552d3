package table

import (
	"regexp"
	"strings"
	"unicode"
)

// Plain is a text in one line that steers nothing that shows it, since names and errors
// in a run file come from others. Control characters, those that turn the direction of
// a text, and what is not text at all become question marks, and the mark of a command
// for a build service is broken up.
func Plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == unicode.ReplacementChar, r == '\u2028', r == '\u2029':
			return '?'
		case unicode.Is(unicode.Bidi_Control, r):
			return '?'
		}
		return r
	}, s)
	return buildCommand.ReplaceAllString(s, "# #$1[")
}

// buildCommand is how a command of Azure Pipelines, TeamCity, or once of GitHub begins,
// wherever in a line.
var buildCommand = regexp.MustCompile(`##([A-Za-z]*)\[`)

// Line is a line of a log that no build service takes for a command. GitHub obeys lines
// that begin with two colons.
func Line(s string) string {
	s = Plain(s)
	text := strings.TrimLeftFunc(s, unicode.IsSpace)
	if strings.HasPrefix(text, "::") {
		return s[:len(s)-len(text)] + ": " + text[1:]
	}
	return s
}

// Lines is a text of several lines, each made safe as Line does.
func Lines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Line(lines[i])
	}
	return strings.Join(lines, "\n")
}
