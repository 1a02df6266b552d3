package metric

import "github.com/kn-coldstart/kn-coldstart/analysis/work"

// workFamilies are about what programs measured. Their units differ, so that each point
// says its own.
func workFamilies(w *work.Work) []Family {
	if w == nil {
		return nil
	}
	gauge := func(name, help string) *Family { return &Family{Name: name, Help: help} }
	value := gauge("work_figure", "Median of what a program measured, in the unit of its label.")
	low := gauge("work_figure_low", "Lower end of the confidence interval of what a program measured.")
	high := gauge("work_figure_high", "Upper end of the confidence interval of what a program measured.")
	for i := range w.Figures {
		f := &w.Figures[i]
		labels := []Label{{"program", f.Program}, {"figure", f.Name}, {"unit", f.Unit}, {"runtime_class", f.RuntimeClass}}
		for _, of := range []struct {
			family *Family
			value  *float64
		}{{value, f.Median}, {low, f.Low}, {high, f.High}} {
			if of.value != nil {
				of.family.add(*of.value, labels...)
			}
		}
	}
	failures := &Family{Name: "work_failures", Kind: Counter, Help: "Times that a program did not come to its end."}
	for _, f := range w.Failures {
		failures.count(f.Times, Label{"program", f.Program}, Label{"runtime_class", f.RuntimeClass})
	}
	notRun := &Family{Name: "work_not_run", Kind: Counter, Help: "Times that a program was to run and did not."}
	for _, m := range w.Missing {
		notRun.count(m.Planned-m.Ran, Label{"program", m.Program}, Label{"runtime_class", m.RuntimeClass})
	}
	return append(families(value, low, high, failures, notRun), workMemory(w)...)
}

func workMemory(w *work.Work) []Family {
	memory := &Family{Name: "work_memory", Unit: Bytes, Help: "Median of the memory while a program ran: of the pod's cgroup, or what is not available on the node."}
	for i := range w.Memory {
		m := &w.Memory[i]
		labels := []Label{{"program", m.Program}, {"runtime_class", m.RuntimeClass}}
		for _, of := range []struct {
			source string
			bytes  *int64
		}{{"instance", m.Instance}, {"node", m.Node}} {
			if of.bytes != nil {
				memory.add(float64(*of.bytes), with(labels, "source", of.source)...)
			}
		}
	}
	return families(memory)
}
