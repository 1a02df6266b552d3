package round

import "fmt"

// Observation is one thing that was seen of a round that fell short.
type Observation struct {
	// About is a node, pods, instances or requests.
	About string
	What  string
	// Count is how many services it holds for. It is zero where it counts nothing.
	Count int
}

func (o Observation) String() string {
	if o.Count == 0 {
		return o.About + ": " + o.What
	}
	return fmt.Sprintf("%s: %d %s", o.About, o.Count, o.What)
}

// Observations puts what tells most first: what the cluster itself names, a node that
// had no CPU left, how far instances came, how requests ended, and what the other
// nodes used.
func (s *Shortfall) Observations() []Observation {
	var list []Observation
	for _, c := range s.Conditions {
		list = append(list, Observation{About: "node", What: c})
	}
	for _, t := range s.Troubles {
		list = append(list, Observation{"pods", t.Cause, t.Count})
	}
	for _, n := range s.Nodes {
		if n.Saturated {
			list = append(list, n.observation())
		}
	}
	for _, t := range s.Stages {
		list = append(list, Observation{"instances", t.What, t.Count})
	}
	for _, t := range s.Requests {
		list = append(list, Observation{"requests", t.What, t.Count})
	}
	if s.NoSample > 0 {
		list = append(list, Observation{"requests", "left out, not being at zero, or abandoned", s.NoSample})
	}
	for _, n := range s.Nodes {
		if !n.Saturated {
			list = append(list, n.observation())
		}
	}
	return list
}

func (u NodeUse) observation() Observation {
	text := fmt.Sprintf("%s had %s of memory in use at most", u.Node, gibibytes(u.MemoryMost))
	if u.MemoryTotal > 0 {
		text = fmt.Sprintf("%s had %s of %s of memory in use at most", u.Node, gibibytes(u.MemoryMost), gibibytes(u.MemoryTotal))
	}
	if u.CPUShare == nil {
		return Observation{About: "node", What: text}
	}
	state := ""
	if u.Saturated {
		state = "saturated, "
	}
	return Observation{About: "node", What: fmt.Sprintf("CPU %s%.0f %% of %d CPUs; %s", state, 100*u.share(), u.CPUs, text)}
}

func gibibytes(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30)) }
