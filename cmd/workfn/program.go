package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/workfn/figure"
)

// program runs a benchmark to its end and returns its figures.
type program func(context.Context, size) ([]figure.Figure, error)

// programs are by the name in the path of a request.
var programs = map[string]program{
	"redis":           runRedis,
	"7zip":            runSevenZip,
	"sysbench-cpu":    runCPU,
	"sysbench-memory": runMemory,
	"sysbench-fileio": runFiles,
}

// runSevenZip takes one dictionary, of 256 KiB. By default 7zz b takes four, of 4 MiB to
// 32 MiB, and a fixed amount of work for each, which is a minute on two cores.
func runSevenZip(ctx context.Context, s size) ([]figure.Figure, error) {
	text, err := output(ctx, "", "7zz", "b", "-md18", fmt.Sprintf("-mtime=%d", s.seconds))
	if err != nil {
		return nil, err
	}
	return figure.SevenZip(text)
}

func runCPU(ctx context.Context, s size) ([]figure.Figure, error) {
	text, err := output(ctx, "", "sysbench", "cpu", "--cpu-max-prime=20000", timed(s), "run")
	if err != nil {
		return nil, err
	}
	return figure.SysbenchCPU(text)
}

func runMemory(ctx context.Context, s size) ([]figure.Figure, error) {
	text, err := output(ctx, "", "sysbench", "memory", timed(s), "run")
	if err != nil {
		return nil, err
	}
	return figure.SysbenchMemory(text)
}

func timed(s size) string { return fmt.Sprintf("--time=%d", s.seconds) }

// modes are those of sysbench fileio, in the order in which they run.
var modes = []struct {
	mode, name string
	writes     bool
}{{"seqrd", "sequential read", false}, {"seqwr", "sequential write", true}, {"seqrewr", "sequential rewrite", true}}

// runFiles works on files in the image's folder for temporary files, which are removed.
func runFiles(ctx context.Context, s size) (all []figure.Figure, err error) {
	folder, err := os.MkdirTemp("", "fileio")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	files := []string{"fileio", "--file-num=4", "--file-total-size=64M"}
	if _, err := output(ctx, folder, "sysbench", append(files, "prepare")...); err != nil {
		return nil, err
	}
	for _, m := range modes {
		text, err := output(ctx, folder, "sysbench", append(files, "--file-test-mode="+m.mode, timed(s), "run")...)
		if err != nil {
			return nil, err
		}
		figures, err := figure.SysbenchFile(text, m.name, m.writes)
		if err != nil {
			return nil, err
		}
		all = append(all, figures...)
	}
	return all, nil
}

// command is a program that ends with the context. Its input is empty and no file, because
// the folder that it may run in as its root has no /dev/null.
func command(ctx context.Context, folder, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdin, cmd.WaitDelay = folder, strings.NewReader(""), time.Second
	return cmd
}

// output is what a program prints. One that fails is an error with all that it printed.
func output(ctx context.Context, folder, name string, args ...string) (string, error) {
	cmd := command(ctx, folder, name, args...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(out.String()+"\n"+complaints.String()))
	}
	return out.String(), nil
}
