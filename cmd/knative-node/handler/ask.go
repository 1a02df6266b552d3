package handler

import (
	"bufio"
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/program"
)

// answerLimit is how long a program may take to answer a question. Programs that have to
// be read from a slow disk first take seconds.
const answerLimit = 10 * time.Second

// AskVersion asks the handler for its version: its program, or its shim if that has no
// program.
func (h Handler) AskVersion(ctx context.Context) (string, error) {
	program := h.Program
	if program == "" {
		program = h.Shim
	}
	said, err := h.ask(ctx, answerLimit, program, "--version")
	var failed *exec.ExitError
	if errors.As(err, &failed) && program == h.Shim {
		// Shims made with containerd before its version 2 know the short form alone.
		if short, errShort := h.ask(ctx, answerLimit, program, "-v"); errShort == nil {
			said, err = short, nil
		}
	}
	if err != nil {
		return "", err
	}
	version := findVersion(said)
	if version == "" {
		return "", fmt.Errorf("%s --version says nothing", program)
	}
	return version, nil
}

// askAtStart asks what containerd asks each time it starts: shims for information, and
// programs like runc for their features. They need not know the question, but one that
// never returns from it would keep containerd from starting.
func (h Handler) askAtStart(ctx context.Context) error {
	questions := map[string]string{}
	if h.Shim != "" {
		questions[h.Shim] = "-info"
	}
	if h.RuntimeType == RuncShim && h.Program != "" {
		questions[h.Program] = "features"
	}
	for program, question := range questions {
		_, err := h.ask(ctx, answerLimit, program, question)
		var failed *exec.ExitError
		if err != nil && !errors.As(err, &failed) {
			return err
		}
	}
	return nil
}

// version is what follows the first word "version" in a text such as "runc version 1.5.2",
// "Version:  v2.4.2" or "id: x, version: 3.2.0, commit: y".
var version = regexp.MustCompile(`(?i)\bversion:?[ \t]+([^\s,]+)`)

// findVersion finds the version in what a program said, or else takes the first line.
func findVersion(said string) string {
	if found := version.FindStringSubmatch(said); found != nil {
		return found[1]
	}
	first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	return strings.TrimSpace(first)
}

// ask runs a program of the handler with its environment, and returns what it said. What
// it has started is ended with it when the limit is over.
func (h Handler) ask(ctx context.Context, limit time.Duration, program string, question ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, question...)
	cmd.Env = append(os.Environ(), h.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if err == nil {
		return out.String() + errOut.String(), nil
	}
	if ctx.Err() == context.DeadlineExceeded {
		return "", fmt.Errorf("%s %s did not end within %s", program, strings.Join(question, " "), limit)
	}
	return "", fmt.Errorf("%s %s: %w", program, strings.Join(question, " "), explain(err, program, out.String()+errOut.String()))
}

// explain says in more words why a program did not run, or failed.
func explain(err error, program, said string) error {
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		return explainExit(failed, said)
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("%w: %s", syscall.ENOEXEC, wrongFormat(program))
	case errors.Is(err, fs.ErrNotExist):
		if interpreter := interpreterOf(program); interpreter != "" {
			return fmt.Errorf("its interpreter %s is missing: %w", interpreter, err)
		}
	}
	return err
}

// explainExit adds what the program said to how it ended.
func explainExit(failed *exec.ExitError, said string) error {
	said = lastWords(said)
	switch {
	case said == "":
		return fmt.Errorf("it ended with %w, and said nothing", failed)
	case strings.Contains(said, "error while loading shared libraries"):
		return fmt.Errorf("a library is missing: it ended with %w, and said: %s", failed, said)
	}
	return fmt.Errorf("it ended with %w, and said: %s", failed, said)
}

// lastWords are the last lines of a text, of which the error usually is one.
func lastWords(text string) string {
	const most = 400
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = "... " + strings.ToValidUTF8(text[len(text)-most:], "")
	}
	return text
}

// wrongFormat says what is wrong with a program that the kernel does not execute.
func wrongFormat(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return "it is neither a program for Linux nor a script that begins with #!"
	}
	defer f.Close()
	if err := program.CheckProcessor(f); err != nil {
		return err.Error()
	}
	return "the kernel does not take it, although it is for this machine's processor"
}

// interpreterOf is the path of what runs the program, or "" if it needs none: the loader of
// a program with shared libraries, or what a script's first line names.
func interpreterOf(path string) string {
	if f, err := elf.Open(path); err == nil {
		defer f.Close()
		return program.Interpreter(f)
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	first, _ := bufio.NewReader(f).ReadString('\n') // a script may be one line without an end
	command, isScript := strings.CutPrefix(first, "#!")
	if words := strings.Fields(command); isScript && len(words) > 0 {
		return words[0]
	}
	return ""
}
