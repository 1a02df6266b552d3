// Command sbom says what a build is made of. It reads the modules of Go programs out of
// the programs themselves, as "go version -m" does, and takes nothing from go.mod files,
// which name more and other modules than end up in a program.
//
//	sbom licenses FOLDER PROGRAM...   copies the licence texts of all modules into FOLDER
//	sbom document REPOSITORY          prints the bill of materials of REPOSITORY/build, or
//	                                  of the folder that -build names
//
// It is a module of its own, so that what it needs weighs on nothing else. Its go.mod also
// pins govulncheck, which scripts/vulnerabilities runs.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return errors.New("sbom needs a command: licenses or document")
	}
	switch command, rest := args[0], args[1:]; command {
	case "licenses":
		return runLicenses(rest, stderr)
	case "document":
		return runDocument(rest, stdout)
	default:
		return fmt.Errorf("unknown command %q: it is licenses or document", command)
	}
}

func runLicenses(args []string, stderr io.Writer) error {
	if len(args) < 2 {
		return errors.New("usage: sbom licenses FOLDER PROGRAM...")
	}
	source, err := findSource()
	if err != nil {
		return err
	}
	without, err := gather(source, args[0], args[1:])
	for _, m := range without {
		fmt.Fprintf(stderr, "warning: no licence text in module %s\n", m)
	}
	return err
}

func runDocument(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("sbom document", flag.ContinueOnError)
	version := flags.String("version", "", "the version of the build")
	created := flags.Int64("created", 0, "the time of the document, in seconds since 1970")
	build := flags.String("build", "", "the folder that the build is in (default: REPOSITORY/build)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 || *version == "" {
		return errors.New("usage: sbom document -version VERSION -created SECONDS [-build FOLDER] REPOSITORY")
	}
	source, err := findSource()
	if err != nil {
		return err
	}
	i, err := take(source, flags.Arg(0), cmp.Or(*build, filepath.Join(flags.Arg(0), "build")))
	if err != nil {
		return err
	}
	return write(stdout, i, *version, time.Unix(*created, 0).UTC())
}
