package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// ownName is what the program is called in texts.
const ownName = "kn-coldstart"

// calledAs is what somebody types to call this program. kubectl and krew find it under the
// name kubectl-coldstart, and may have installed no other.
func calledAs(program string) string {
	if strings.TrimSuffix(filepath.Base(program), ".exe") == "kubectl-coldstart" {
		return "kubectl coldstart"
	}
	return ownName
}

// speakAs makes the help of a command and of those below it name the program in the way in
// which it was called.
func speakAs(cmd *cobra.Command, name string) {
	for _, text := range []*string{&cmd.Long, &cmd.Example} {
		*text = strings.ReplaceAll(*text, ownName+" ", name+" ")
	}
	for _, sub := range cmd.Commands() {
		speakAs(sub, name)
	}
}
