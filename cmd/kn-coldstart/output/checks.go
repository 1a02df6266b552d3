package output

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// checksText writes a table. What a check found is in the words of the cluster.
func checksText(out io.Writer, checks []record.Check) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHECK\tVERDICT\tFOUND")
	for _, c := range checks {
		fmt.Fprintf(w, "%s\t%s\t%s\n", table.Line(c.Name), table.Plain(string(c.Verdict)), table.Plain(c.Message))
		if c.Hint != "" {
			fmt.Fprintf(w, "\t\t  hint: %s\n", table.Plain(c.Hint))
		}
	}
	return w.Flush()
}

func checksJSON(out io.Writer, checks []record.Check) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(checks)
}
