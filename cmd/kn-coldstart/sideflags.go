package main

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// sideOf is what both sides have, with the values of a --a or --b over it.
func sideOf(both record.Side, flag string, values []string) (record.Side, error) {
	s := both
	s.Env, s.Requests, s.Limits = maps.Clone(s.Env), maps.Clone(s.Requests), maps.Clone(s.Limits)
	for _, value := range values {
		if err := setSide(&s, value); err != nil {
			return s, fmt.Errorf("--%s %q: %w", flag, value, err)
		}
	}
	switch {
	case s.RuntimeClass == "":
		return s, errors.New("no RuntimeClass was named: use --runtime-class NAME, such as runc, or --a and --b runtime-class=NAME")
	case s.Image == "":
		return s, fmt.Errorf("side %s has no image: use --image IMAGE or --%s image=IMAGE", flag, flag)
	}
	return s, nil
}

// setSide takes one setting, named as its flag is.
func setSide(s *record.Side, value string) error {
	name, value, found := strings.Cut(value, "=")
	switch {
	case !found || value == "":
		return errors.New("want NAME=VALUE, such as image=IMAGE or env=NAME=VALUE")
	case name == "runtime-class":
		s.RuntimeClass = value
	case name == "image":
		s.Image = value
	case name == "env":
		return put(&s.Env, []string{value}) // a value may hold commas
	case name == "request":
		return put(&s.Requests, strings.Split(value, ","))
	case name == "limit":
		return put(&s.Limits, strings.Split(value, ","))
	default:
		return fmt.Errorf("the sides do not differ in %q: there are runtime-class, image, env, request and limit", name)
	}
	return nil
}

// put puts each NAME=VALUE into the map.
func put(m *map[string]string, entries []string) error {
	if *m == nil {
		*m = map[string]string{}
	}
	for _, entry := range entries {
		name, value, found := strings.Cut(entry, "=")
		if name = strings.TrimSpace(name); !found || name == "" {
			return fmt.Errorf("%q is no NAME=VALUE", entry)
		}
		(*m)[name] = value
	}
	return nil
}
