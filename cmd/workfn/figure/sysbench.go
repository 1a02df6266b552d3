package figure

import (
	"fmt"
	"regexp"
)

// SysbenchCPU reads what sysbench cpu prints.
func SysbenchCPU(text string) ([]Figure, error) {
	return sysbench(text, "sysbench cpu", append([]wanted{
		{"events", EventsPerSecond, pattern(`events per second: +(\S+)`), true},
	}, latencies...))
}

// SysbenchMemory reads what sysbench memory prints. Its latencies, of one block each, are
// too short for the digits that it prints.
func SysbenchMemory(text string) ([]Figure, error) {
	return sysbench(text, "sysbench memory", []wanted{{"transferred", MiBPerSecond, pattern(`transferred \((\S+) MiB/sec\)`), true}})
}

// SysbenchFile reads what sysbench fileio prints for a mode that only reads, or only
// writes.
func SysbenchFile(text, mode string, writes bool) ([]Figure, error) {
	throughput := pattern(`read, MiB/s: +(\S+)`)
	if writes {
		throughput = pattern(`written, MiB/s: +(\S+)`)
	}
	return sysbench(text, "sysbench fileio", []wanted{{mode, MiBPerSecond, throughput, true}})
}

// wanted is a figure and the line that has it.
type wanted struct {
	name, unit string
	line       *regexp.Regexp
	// positive says that the figure is above zero in every test that has run.
	positive bool
}

// pattern matches a whole line.
func pattern(line string) *regexp.Regexp { return regexp.MustCompile(`(?m)^.*\b` + line + `\s*$`) }

// latencies are below the heading that says their unit.
var latencies = []wanted{
	{"latency min", Milliseconds, pattern(`min: +(\S+)`), false},
	{"latency avg", Milliseconds, pattern(`avg: +(\S+)`), false},
	{"latency p95", Milliseconds, pattern(`95th percentile: +(\S+)`), false},
}

func sysbench(text, program string, figures []wanted) ([]Figure, error) {
	fail := func(format string, args ...any) ([]Figure, error) {
		return nil, &Error{program, fmt.Sprintf(format, args...), text}
	}
	if !regexp.MustCompile(`(?m)^Latency \(ms\):`).MatchString(text) {
		return fail("it has no heading of latencies in ms")
	}
	var found []Figure
	for _, f := range figures {
		matches := f.line.FindAllStringSubmatch(text, -1)
		if len(matches) != 1 {
			return fail("it has %d lines of %s, and not one", len(matches), f.name)
		}
		value, err := number(matches[0][1])
		if err == nil && f.positive && value == 0 {
			err = fmt.Errorf("it is zero")
		}
		if err != nil {
			return fail("%s: %v", f.name, err)
		}
		found = append(found, Figure{f.name, value, f.unit})
	}
	return found, nil
}
