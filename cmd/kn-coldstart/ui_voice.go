package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// This file is part of ui.go: how much is said, and whether in colour.

// voice is what the flags of every command say about it.
var voice struct {
	// quiet leaves nothing but results and errors.
	quiet bool
	// verbose adds what is asked of the cluster.
	verbose bool
	colour  colourMode
}

// colourMode is the value of --color.
type colourMode string

// The values of --color.
const (
	colourAuto   colourMode = "auto"
	colourAlways colourMode = "always"
	colourNever  colourMode = "never"
)

// Set implements pflag.Value.
func (m *colourMode) Set(s string) error {
	switch mode := colourMode(s); mode {
	case colourAuto, colourAlways, colourNever:
		*m = mode
		return nil
	}
	return fmt.Errorf("there is %s, %s and %s", colourAuto, colourAlways, colourNever)
}

// String implements pflag.Value.
func (m *colourMode) String() string { return string(*m) }

// Type implements pflag.Value.
func (m *colourMode) Type() string { return "WHEN" }

// on says whether what goes to the file is coloured.
func (m colourMode) on(file *os.File) bool {
	switch m {
	case colourAlways:
		return true
	case colourNever:
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// sayMore is say for those who asked for more.
func sayMore(format string, args ...any) {
	if voice.verbose {
		say(format, args...)
	}
}

func sayUnknownVariable(v unknownVariable) {
	sayWarning("environment variable %s stands for no flag, and means nothing", v.name)
	if v.near != "" {
		say("hint: did you mean %s?", v.near)
	}
}

// sayEnvironment tells which flags the environment gave.
func sayEnvironment() {
	for _, name := range slices.Sorted(maps.Keys(fromEnvironment)) {
		sayMore("--%s is set by %s", name, fromEnvironment[name])
	}
}

// sayOrigin tells, of the flags that an error names, which ones the environment gave: they
// are not to be seen on the command line.
func sayOrigin(err error) {
	if !errors.As(err, new(*usageError)) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(fromEnvironment)) {
		if strings.Contains(err.Error(), "--"+name) {
			sayMarked("", "", "hint: --%s is set by %s", name, fromEnvironment[name])
		}
	}
}

// paintedOutput is standard output, with colours where there are to be some.
func paintedOutput() io.Writer {
	if voice.colour.on(os.Stdout) {
		return report.Coloured(os.Stdout)
	}
	return os.Stdout
}
