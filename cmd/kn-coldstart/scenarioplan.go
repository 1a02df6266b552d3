package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// describe says what the experiment will do, as far as that is known without a cluster.
func (e *plannedExperiment) describe() output.PlannedExperiment {
	p := output.PlannedExperiment{Name: e.Name, Command: e.Command, Judged: e.Judged || e.Command == "ab"}
	switch x := e.asked.(type) {
	case *experiment.Single:
		p.RuntimeClasses, p.Services = names(x.Classes), x.ServicesPerClass*len(x.Classes)
		p.Measures = counted(x.Iterations, "cold start") + " of each class"
	case *experiment.Existing:
		p.Measures = fmt.Sprintf("%s of each of %s", counted(x.Iterations, "cold start"), counted(len(x.Services), "service"))
	case *experiment.Scale:
		describeScale(&p, x)
	case *experiment.Limit:
		describeScale(&p, &x.Scale)
		p.Measures = "how many services hold, of each class"
	case *experiment.Load:
		describeLoad(&p, x)
	case *experiment.LoadLimit:
		describeLoad(&p, &x.Load)
		p.Measures, p.Lasts = fmt.Sprintf("which rate holds, from %s on", x.Schedule), 0
	case *experiment.Work:
		p.RuntimeClasses, p.Services = names(x.Classes), len(x.Classes)
		p.Measures = fmt.Sprintf("%s of %s", counted(x.Iterations, "block"), counted(len(x.Programs), "program"))
	case *experiment.AB:
		describeAB(&p, x)
	}
	return p
}

func describeScale(p *output.PlannedExperiment, x *experiment.Scale) {
	p.RuntimeClasses, p.Rounds = names(x.Classes), x.Iterations*len(x.Services)*len(x.Classes)
	for _, n := range x.Services {
		p.Services = max(p.Services, n*len(x.Classes))
	}
	p.Measures = fmt.Sprintf("%s of %s services together", counted(p.Rounds, "round"), numbers(x.Services))
}

func describeLoad(p *output.PlannedExperiment, x *experiment.Load) {
	// A service is removed before the next one is created.
	p.RuntimeClasses, p.Services = names(x.Classes), 1
	p.Lasts = x.Duration * time.Duration(len(x.Classes))
	p.Measures = fmt.Sprintf("%s for %v, of each class", x.Schedule, x.Duration)
}

func describeAB(p *output.PlannedExperiment, x *experiment.AB) {
	for _, side := range []record.Side{x.A, x.B} {
		p.RuntimeClasses = append(p.RuntimeClasses, side.RuntimeClass)
	}
	p.Services, p.AtMost = 2*x.ServicesPerSide, x.Budget
	p.Measures = fmt.Sprintf("a against b, %s at most", counted(x.MaxBlocks, "block"))
}

// numbers are "1, 5, 10".
func numbers(list []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(list), "[]"), " ", ", ")
}

// counted is a number of things.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
