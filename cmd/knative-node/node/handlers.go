package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/deploy"
)

// Handlers are the container runtimes whose programs the build has.
func (l Layout) Handlers() []string {
	handlers := []string{"runc"}
	if exists(l.Crun()) {
		handlers = append(handlers, "crun")
	}
	if exists(l.Bin("runsc")) && exists(l.Bin("containerd-shim-runsc-v1")) {
		handlers = append(handlers, "gvisor")
	}
	return handlers
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// handlerProgram is the program of a handler that starts containers.
func (l Layout) handlerProgram(handler string) string {
	switch handler {
	case "crun":
		return l.Crun()
	case "gvisor":
		return l.Bin("runsc")
	}
	return l.Bin(handler)
}

// handlerVersions asks the program of each handler for its version.
func (l Layout) handlerVersions(ctx context.Context) ([]deploy.Handler, error) {
	var all []deploy.Handler
	for _, name := range l.Handlers() {
		out, err := exec.CommandContext(ctx, l.handlerProgram(name), "--version").Output()
		if err != nil {
			return nil, fmt.Errorf("ask %s for its version: %w", l.handlerProgram(name), err)
		}
		all = append(all, deploy.Handler{Name: name, Version: parseVersion(string(out))})
	}
	return all, nil
}

// parseVersion finds it in "runc version 1.5.2", which is how all of them begin.
func parseVersion(said string) string {
	first, _, _ := strings.Cut(said, "\n")
	_, version, _ := strings.Cut(first, " version ")
	return strings.TrimSpace(version)
}
