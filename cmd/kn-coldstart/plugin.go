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

// speakAs makes the command lines in the help of a command and of those below it name the
// program in the way in which it was called: its examples, and what stands in quotes. Where
// the text speaks of the program, its name stays.
func speakAs(cmd *cobra.Command, name string) {
	cmd.Example = strings.ReplaceAll(cmd.Example, ownName+" ", name+" ")
	cmd.Long = strings.ReplaceAll(cmd.Long, "'"+ownName+" ", "'"+name+" ")
	for _, sub := range cmd.Commands() {
		speakAs(sub, name)
	}
}
