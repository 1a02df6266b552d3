package page

import (
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis/history"
)

func WriteHistory(w io.Writer, h *history.History) error { return nil }
