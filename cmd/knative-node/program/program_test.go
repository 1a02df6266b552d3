package program

import (
	"debug/elf"
	"os"
	"testing"
)

func TestInterpreter(t *testing.T) {
	for _, path := range []string{"/bin/sh", "/proc/self/exe"} {
		of, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer of.Close()
		libraries, err := of.ImportedLibraries()
		if err != nil {
			t.Fatal(err)
		}
		got := Interpreter(of)
		if _, missing := os.Stat(got); len(libraries) > 0 && missing != nil || len(libraries) == 0 && got != "" {
			t.Errorf("%s with the libraries %v has the interpreter %q", path, libraries, got)
		}
	}
}

func TestCheckProcessor(t *testing.T) {
	of, err := elf.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer of.Close()
	if err := CheckProcessor(of); err != nil {
		t.Error(err)
	}
	machine := of.Machine
	of.Machine = elf.EM_NONE
	want := "it is for another processor: it is for EM_NONE, and this machine is " + machine.String()
	if err := CheckProcessor(of); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
