package table

import (
	"fmt"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Used says what each load took of processors and memory. It is nil where none was read.
func Used(s *analysis.Summary) *Table {
	t := New("used by", " CPU of instances", " of that a request", " CPU of nodes", " of that a request", " processors busy", " memory of instances", " memory of nodes").
		Spare("of that a request", "processors busy")
	for i := range s.Loads {
		l := &s.Loads[i]
		u := l.Use
		if u.NodeCPU == 0 && u.InstanceCPU == 0 {
			continue
		}
		busy := None
		if u.NodeShare > 0 {
			busy = fmt.Sprintf("%.0f %% of %d", 100*float64(u.NodeShare), u.CPUs)
		}
		t.Row(loadName(l, s), cpu(u.InstanceCPU), cpuEach(u.InstanceCPU, l.Answered), cpu(u.NodeCPU), cpuEach(u.NodeCPU, l.Answered), busy,
			memory(u.InstanceMemory), memory(u.NodeMemory))
	}
	return t.orNil()
}

// UseNote explains the table of what was used.
const UseNote = "Used: CPU time from the begin of the load to its end, and of that for each request that was answered; of nodes: with the ingress, Knative and Kubernetes, and with this program where it runs on a node; " +
	"memory: the most at one moment, of instances the working set of their pods."

func cpu(used time.Duration) string {
	if used == 0 {
		return None
	}
	return stat.Format(used)
}

func cpuEach(used time.Duration, requests int) string {
	if requests == 0 {
		return None
	}
	return cpu(used / time.Duration(requests))
}

func memory(bytes int64) string {
	if bytes == 0 {
		return None
	}
	return mebibytes(stat.Real(bytes))
}

// rates are the limits of loads. The reasons are told from the steps of the search.
func rates(s *analysis.Summary) *Table {
	t := New("limit of", " requests a second", "what ended the search")
	for _, l := range s.Limits {
		t.Row(l.Key().String(), fmt.Sprint(l.Rate), l.Message)
	}
	return t.orNil()
}

var rateNote = strings.Join([]string{
	"Limit: the highest rate that held; each was tried once, one after the other on the same instances, and judged by the second half of its time.",
	"What bounds it is the first of these that holds: the processors have no time left, the client sends requests so late that this is most of p99, the ingress refuses connections, the autoscaler wants as many instances as there may be or more than are Ready; else it is the function, or what is in front of it.",
	"Another search may end a tenth away.",
}, " ")
