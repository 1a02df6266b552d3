package report

import (
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
)

// coloured is a writer on which verdicts have colours.
type coloured struct{ io.Writer }

// Coloured is a writer to a terminal, on which Verdict writes verdicts in colour.
func Coloured(w io.Writer) io.Writer { return coloured{w} }

// verdictColours are those of a terminal.
var verdictColours = map[gate.Verdict]string{gate.Pass: "32", gate.Fail: "31", gate.Invalid: "35", gate.Inconclusive: "33"}

// painted is a text about a verdict in its colour, where there are colours. It has no
// control characters of its own.
func (p *printer) painted(v gate.Verdict, text string) string {
	if _, on := p.w.(coloured); !on {
		return text
	}
	return "\x1b[" + verdictColours[v] + "m" + text + "\x1b[0m"
}
