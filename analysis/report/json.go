package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
)

// JSON writes the summary as one indented object.
func JSON(w io.Writer, s *analysis.Summary) error { return writeJSON(w, s) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
