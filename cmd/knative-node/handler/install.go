package handler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Install copies the handler's files into a folder of its own, and tries them there. The
// result is the handler with the copies, its version and its checksums. If something is
// wrong, the folder is removed.
//
// Copies stay what they are while something is measured, whatever is built meanwhile, and
// the sandbox sees them even if it hides the folder that they came from.
func (h Handler) Install(ctx context.Context, folder, runcShim string) (Handler, error) {
	installed, err := h.install(ctx, folder, runcShim)
	if err != nil {
		return h, errors.Join(fmt.Errorf("handler %s: %w", h.Name, err), os.RemoveAll(folder))
	}
	return installed, nil
}

func (h Handler) install(ctx context.Context, folder, runcShim string) (Handler, error) {
	if err := h.copyFiles(folder); err != nil {
		return h, err
	}
	if err := h.writeStarter(folder, runcShim); err != nil {
		return h, err
	}
	var err error
	if h.Version, err = h.AskVersion(ctx); err != nil {
		return h, err
	}
	return h, h.askAtStart(ctx)
}

// ownFile is a file of a handler: what it is, and where its path stands.
type ownFile struct {
	is   string
	path *string
}

func (h *Handler) ownFiles() []ownFile {
	return []ownFile{{"program", &h.Program}, {"shim", &h.Shim}, {"options", &h.OptionsFile}}
}

// starterName is the name of the starter in the folder of the copies.
const starterName = "start"

// copyFiles copies the files, notes their checksums, and changes the paths to the copies.
// Each keeps its name, because some programs do different things under different names.
func (h *Handler) copyFiles(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	var sums []string
	for _, each := range h.ownFiles() {
		if *each.path == "" {
			continue
		}
		to := filepath.Join(folder, filepath.Base(*each.path))
		sum, err := copyFile(*each.path, to)
		if err != nil {
			return fmt.Errorf("copy %s: %w", *each.path, err)
		}
		*each.path = to
		sums = append(sums, each.is+"=sha256:"+sum)
	}
	h.Checksums = strings.Join(sums, " ")
	return nil
}

// copyFile copies a file with its mode, and returns its SHA-256.
func copyFile(from, to string) (string, error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return "", err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, sum), in)
	if err := errors.Join(err, out.Close()); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// writeStarter writes the script that containerd starts in place of the shim, if something
// has to be set for it. The shim hands its environment on to all that it starts.
func (h *Handler) writeStarter(folder, runcShim string) error {
	ownProgram := h.Shim != "" && h.Program != ""
	if len(h.Env) == 0 && !ownProgram {
		return nil
	}
	script := "#!/bin/sh\n"
	for _, each := range h.Env {
		name, value, _ := strings.Cut(each, "=")
		script += "export " + name + "=" + quote(value) + "\n"
	}
	if ownProgram {
		script += "export PATH=" + quote(folder) + `:"$PATH"` + "\n"
	}
	shim := h.Shim
	if shim == "" {
		shim = runcShim
	}
	script += "exec " + quote(shim) + ` "$@"` + "\n"
	h.Starter = filepath.Join(folder, starterName)
	return os.WriteFile(h.Starter, []byte(script), 0o700)
}

// quote makes a text one word of the shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
