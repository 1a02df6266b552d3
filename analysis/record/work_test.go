package record_test

import (
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestCheckOfWork(t *testing.T) {
	figures := []record.Figure{{Name: "GET", Value: 1, Unit: "requests/s"}}
	for name, c := range map[string]struct {
		work record.Work
		good bool
	}{
		"measured":              {record.Work{Outcome: record.OK, Figures: figures}, true},
		"no figures":            {record.Work{Outcome: record.OK}, false},
		"failed":                {record.Work{Outcome: record.HTTP, Error: "status 500"}, true},
		"failed without a why":  {record.Work{Outcome: record.HTTP}, false},
		"ended before it began": {record.Work{Outcome: record.OK, Figures: figures, Begun: 2, Ended: 1}, false},
		"negative":              {record.Work{Outcome: record.OK, Figures: []record.Figure{{Name: "GET", Value: -1}}}, false},
	} {
		if err := c.work.Check(); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
