// Command oddrunc is a container runtime with a fault, for the end-to-end tests: it is the
// runc at ODDRUNC_REAL, except that a container is created as ODDRUNC_CREATE says:
//
//	delay=100ms   that much later
//	exit          not at all: the program ends with an error
//	hang          not at all: the program does not end, not even on a SIGTERM
//	exec=FILE     by another program
//
// Without it, containers are created as always.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	program := os.Getenv("ODDRUNC_REAL")
	if slices.Contains(os.Args[1:], "create") {
		program = misbehave(program)
	}
	fail(syscall.Exec(program, append([]string{program}, os.Args[1:]...), os.Environ()))
}

// misbehave does what is to be done before a container is created, and returns the
// program that creates it.
func misbehave(program string) string {
	kind, value, _ := strings.Cut(os.Getenv("ODDRUNC_CREATE"), "=")
	switch kind {
	case "delay":
		delay, err := time.ParseDuration(value)
		if err != nil {
			fail(err)
		}
		time.Sleep(delay)
	case "exit":
		fail(fmt.Errorf("this runtime creates nothing"))
	case "hang":
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
		time.Sleep(time.Hour)
	case "exec":
		return value
	}
	return program
}

// fail ends the program. Whoever runs a runtime reads its errors in the file that --log
// names.
func fail(err error) {
	fmt.Fprintln(os.Stderr, "oddrunc:", err)
	if i := slices.Index(os.Args, "--log"); i >= 0 && i+1 < len(os.Args) {
		line, _ := json.Marshal(map[string]string{"level": "error", "msg": "oddrunc: " + err.Error()}) // strings always can
		_ = os.WriteFile(os.Args[i+1], append(line, '\n'), 0o600)                                      // it ends anyway
	}
	os.Exit(1)
}
