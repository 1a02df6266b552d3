package handler

import (
	"context"
	"debug/elf"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Files are the paths of the handler's files. One without a shim of its own uses
// containerd's shim for runc.
func (h Handler) Files(runcShim string) []string {
	shim := h.Shim
	if shim == "" {
		shim = runcShim
	}
	return slices.DeleteFunc([]string{h.Program, shim, h.OptionsFile}, func(path string) bool { return path == "" })
}

// Libraries are the paths of what one of the handler's files needs to run, besides itself:
// shared libraries with their loader, and the program that runs a script. What a program
// loads only later on is not among them.
func (h Handler) Libraries(ctx context.Context, path string) ([]string, error) {
	interpreter := interpreterOf(path)
	if interpreter == "" {
		return nil, nil
	}
	if program, err := elf.Open(path); err != nil { // a script
		of, err := h.Libraries(ctx, interpreter)
		return append([]string{interpreter}, of...), err
	} else if err := program.Close(); err != nil {
		return nil, err
	}
	said, err := h.ask(ctx, answerLimit, interpreter, "--list", path)
	if err != nil {
		return nil, fmt.Errorf("list the libraries of %s: %w", path, err)
	}
	return readList(said), nil
}

// readList reads what a loader lists: lines such as "libc.so.6 => /lib/libc.so.6 (0x7f…)",
// "/lib64/ld-linux-x86-64.so.2 (0x7f…)", and "linux-vdso.so.1 (0x7f…)", which is no file.
func readList(said string) []string {
	var paths []string
	for line := range strings.Lines(said) {
		if _, after, found := strings.Cut(line, "=>"); found {
			line = after
		}
		words := strings.Fields(line)
		if len(words) == 0 || !filepath.IsAbs(words[0]) {
			continue
		}
		path, err := filepath.EvalSymlinks(words[0])
		if err == nil && !slices.Contains(paths, path) { // else the loader itself would have failed
			paths = append(paths, path)
		}
	}
	return paths
}
