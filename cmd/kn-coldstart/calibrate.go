package main

import (
	"fmt"
	"io"
	"os"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// runCalibration is gate --calibrate.
func (f *gateFlags) runCalibration(flags flagSet, args []string) error {
	draw := map[string]func(io.Writer, *gate.Calibration) error{
		"text": report.Calibration, "json": report.CalibrationJSON,
	}[f.verdict.output]
	if draw == nil {
		return usage(fmt.Errorf("unknown --output %q: --calibrate writes text or json", f.verdict.output))
	}
	goal, options, err := f.goal(flags)
	if err != nil {
		return usage(err)
	}
	paths, err := runFiles(args...)
	if err != nil {
		return usage(err)
	}
	runs, err := readRuns(paths)
	if err == nil {
		err = distinct(runs)
	}
	if err != nil {
		return err
	}
	c, err := gate.Calibrate(runs, goal, options)
	if err != nil {
		return usage(withHint(err, "give three or more runs of the same thing, with as many samples as the percentiles take"))
	}
	if err := draw(os.Stdout, c); err != nil {
		return err
	}
	if !c.Reached {
		return codeOf(gate.ExitInconclusive)
	}
	return nil
}

// goal reads what a calibration is for; what judges makes no sense beside it.
func (f *gateFlags) goal(flags flagSet) (goal gate.Goal, o gate.Options, err error) {
	for _, name := range []string{"slo", "baseline", "filename", "inconclusive", "junit"} {
		if flags.Changed(name) {
			return goal, o, fmt.Errorf("--calibrate judges nothing: --%s contradicts it", name)
		}
	}
	if goal.Worse, err = share("worse", f.worse); err != nil {
		return goal, o, err
	}
	if goal.Power, err = share("power", f.power); err != nil {
		return goal, o, err
	}
	err = f.against.apply(flags, &o)
	return goal, o, err
}
