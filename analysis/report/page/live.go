package page

import (
	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Of is the page of the runs, before it is rendered.
func Of(runs ...*record.Run) templates.Report { return report(analysis.Summarise(runs...), runs) }
