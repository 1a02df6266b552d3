package record

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// Run files and reports are passed on and uploaded, and what a function is given may be
// secret. So a file holds the names of variables, and of each value a part of its hash:
// enough to see that two runs differ, and too little to find a value that nobody can guess.

// hashBytes is how much of a hash is kept. A value that is found by trying has company.
const hashBytes = 4

var hashed = regexp.MustCompile(`^sha256:[0-9a-f]{8}$`)

// hash stands for the value of a name. A hash stands for itself, so that a file that is
// read and written again stays the same.
func hash(name, value string) string {
	if hashed.MatchString(value) {
		return value
	}
	sum := sha256.Sum256([]byte(name + "=" + value))
	return "sha256:" + hex.EncodeToString(sum[:hashBytes])
}

// concealed are the settings without the values of variables, and without those of
// arguments that are written NAME=VALUE.
func (s Settings) concealed() Settings {
	s.Env = concealedEnv(s.Env)
	s.Command, s.Args = concealedArgs(s.Command), concealedArgs(s.Args)
	s.A, s.B = s.A.concealed(), s.B.concealed()
	return s
}

func (s *Side) concealed() *Side {
	if s == nil {
		return nil
	}
	side := *s
	side.Env = concealedEnv(s.Env)
	return &side
}

func concealedEnv(env map[string]string) map[string]string {
	if env == nil {
		return nil
	}
	all := make(map[string]string, len(env))
	for name, value := range env {
		all[name] = hash(name, value)
	}
	return all
}

func concealedArgs(args []string) []string {
	if args == nil {
		return nil
	}
	all := make([]string, len(args))
	for i, arg := range args {
		if name, value, found := strings.Cut(arg, "="); found {
			arg = name + "=" + hash(name, value)
		}
		all[i] = arg
	}
	return all
}
