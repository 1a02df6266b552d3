package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"
)

// This file is part of ui.go: how much is said, and whether in colour.

// voice is what the flags of every command say about it. kn-coldstart has the same flags.
var voice struct {
	// quiet leaves nothing but results and errors.
	quiet  bool
	colour string
}

// colours are the values of --color.
var colours = []string{"auto", "always", "never"}

func registerVoice(flags *pflag.FlagSet) {
	flags.BoolVarP(&voice.quiet, "quiet", "q", false, "say nothing but results and errors")
	flags.StringVar(&voice.colour, "color", colours[0], "whether there is colour: auto (on a terminal, unless NO_COLOR is set), always or never")
}

func checkVoice() error {
	if !slices.Contains(colours, voice.colour) {
		return fmt.Errorf("--color is %q: there is auto, always and never", voice.colour)
	}
	return nil
}

// coloured says whether what goes to standard error is coloured.
func coloured() bool {
	if voice.colour != "auto" {
		return voice.colour == "always"
	}
	info, err := os.Stderr.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
}

// The marks before an error and a warning, and their colours.
const (
	red    = "31"
	yellow = "33"
)

func marked(colour, mark string) string {
	if !coloured() {
		return mark
	}
	return "\x1b[" + colour + "m" + mark + "\x1b[0m"
}
