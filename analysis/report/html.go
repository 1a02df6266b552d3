package report

import (
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/page"
)

// HTML writes the runs as one page that needs no network; package page draws it.
func HTML(w io.Writer, runs ...*record.Run) error { return page.Write(w, runs...) }
