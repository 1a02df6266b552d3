package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// side is what one side of an A/B run is made of; its JSON is part of the run
// file's settings.
type side struct {
	RuntimeClass string            `json:"runtimeClass"`
	Image        string            `json:"image"`
	Env          map[string]string `json:"env,omitempty"`
	Requests     map[string]string `json:"requests,omitempty"`
	Limits       map[string]string `json:"limits,omitempty"`
}

// with is the side with the values of a --a or --b over it.
func (s side) with(flag string, values []string) (side, error) {
	s.Env, s.Requests, s.Limits = maps.Clone(s.Env), maps.Clone(s.Requests), maps.Clone(s.Limits)
	for _, value := range values {
		if err := s.set(value); err != nil {
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

// set takes one setting, named as its flag is.
func (s *side) set(value string) error {
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

// same says that two sides differ in nothing.
func (s side) same(other side) bool {
	return s.RuntimeClass == other.RuntimeClass && s.Image == other.Image && maps.Equal(s.Env, other.Env) &&
		maps.Equal(s.Requests, other.Requests) && maps.Equal(s.Limits, other.Limits)
}

// services are n services of a session's variant that is made of the side, and
// otherwise as the flags say.
func (s side) services(f serviceFlags, run *session, variant string, n int) []templates.Service {
	f.Env, f.Requests, f.Limits = s.Env, s.Requests, s.Limits
	var all []templates.Service
	for i := range n {
		service := f.service(run, record.Class{Name: s.RuntimeClass, Image: s.Image}, i)
		service.Name = ksvc.ServiceName(run.header.RunID, s.RuntimeClass+"-"+variant, i)
		service.Labels = map[string]string{ksvc.LabelVariant: variant}
		all = append(all, service)
	}
	return all
}

// classesOf are the RuntimeClasses of the sides, each once.
func classesOf(sides ...side) []string {
	var names []string
	for _, s := range sides {
		if !slices.Contains(names, s.RuntimeClass) {
			names = append(names, s.RuntimeClass)
		}
	}
	return names
}
