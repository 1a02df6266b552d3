package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of a process's start time in /proc: USER_HZ is 100 on every
// Linux that Go runs on, whatever the kernel's own HZ.
const tick = 10 * time.Millisecond

// oldest bounds what is believed of /proc: no process takes this long from its
// start to main, and a sandbox that emulates /proc may put anything there.
const oldest = 10 * time.Minute

// startedAt converts the start time in /proc/self/stat, ticks since boot, to
// wall time, given both clocks at one moment.
//
// It is the time at which the process was forked. Under runc and crun that is
// when the container was created: the process that later executes this binary
// sets the container up first, and exec leaves the start time alone.
func startedAt(stat string, now time.Time, sinceBoot time.Duration) (time.Time, error) {
	// The second field is the program's name in parentheses, and may itself hold
	// spaces and parentheses; the start time is the 20th behind it.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return time.Time{}, errors.New("too few fields")
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	return now.Add(time.Duration(ticks)*tick - sinceBoot), nil
}

// plausible says that a process which entered main when it did may have started
// when /proc says: a start is rounded down to a tick, never up.
func plausible(started, entered time.Time) bool {
	age := entered.Sub(started)
	return age >= 0 && age < oldest
}
