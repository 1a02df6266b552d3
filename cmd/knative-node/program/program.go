// Package program tells what a compiled program for Linux needs of the machine that it runs
// on.
package program

import (
	"debug/elf"
	"fmt"
	"strings"
)

// Interpreter is the path of the dynamic linker that a program asks for, or "" if it is
// static.
func Interpreter(of *elf.File) string {
	section := of.Section(".interp")
	if section == nil {
		return ""
	}
	text, _ := section.Data() // without it there is nothing to tell
	return strings.TrimRight(string(text), "\x00")
}

// CheckProcessor returns an error for a program that is for another processor than this
// machine's.
func CheckProcessor(of *elf.File) error {
	self, err := elf.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer self.Close()
	if of.Machine != self.Machine {
		return fmt.Errorf("it is for another processor: it is for %s, and this machine is %s", of.Machine, self.Machine)
	}
	return nil
}
