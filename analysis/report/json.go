package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
)

// JSON writes the summary as one indented object. Whole numbers beyond 2^53, which many
// readers round, are strings.
func JSON(w io.Writer, s *analysis.Summary) error { return writeJSON(w, s) }

func writeJSON(w io.Writer, v any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	if err == nil {
		_, err = w.Write(quoteLarge(text.Bytes()))
	}
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
