package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// sideOf is what both sides have, with the values of a --a or --b over it. The embedded
// node has images for those that name none.
func sideOf(both record.Side, embedded bool, flag string, values []string) (record.Side, error) {
	s := both
	s.Env, s.Requests, s.Limits = maps.Clone(s.Env), maps.Clone(s.Requests), maps.Clone(s.Limits)
	for _, value := range values {
		if err := setSide(&s, value); err != nil {
			return s, fmt.Errorf("--%s %q: %w", flag, value, err)
		}
	}
	if s.RuntimeClass == "" {
		s.RuntimeClass = templates.DefaultClass
	}
	if s.Image == "" && embedded {
		s.Image = nodeImageOf(s.RuntimeClass)
	}
	if s.Image == "" {
		return s, fmt.Errorf("side %s has no image: use --image IMAGE or --%s image=IMAGE", flag, flag)
	}
	return s, nil
}

// sideWith is a side like sideOf's whose service may be in a file: the one of both
// sides, or its own.
func sideWith(both record.Side, embedded bool, file *templates.Manifest, written *ksvc.Written, flag string, values []string) (record.Side, *templates.Manifest, error) {
	var rest []string
	for _, value := range values {
		if !isFile(value) {
			rest = append(rest, value)
			continue
		}
		own, w, err := readManifest(value)
		if err != nil {
			return both, nil, err
		}
		file, written = own, w
	}
	if file == nil {
		s, err := sideOf(both, embedded, flag, rest)
		return s, nil, err
	}
	if err := refuseInPlaceOf(file.File, flag, rest); err != nil {
		return both, nil, err
	}
	if both.Env != nil || both.Requests != nil || both.Limits != nil {
		return both, nil, writeInto(file.File, "--env, --request and --limit")
	}
	both.Image = written.Image
	if both.RuntimeClass == "" {
		both.RuntimeClass = defaultClass(written)
	}
	s, err := sideOf(both, embedded, flag, rest)
	return s, file, err
}

// isFile says whether the value of a --a or --b is the file of a Service.
func isFile(value string) bool {
	if strings.Contains(value, "=") {
		return false
	}
	_, err := os.Stat(value)
	return err == nil
}

// refuseInPlaceOf refuses the settings of a side that its file has to say.
func refuseInPlaceOf(file, flag string, values []string) error {
	for _, value := range values {
		if name, _, _ := strings.Cut(value, "="); name == "env" || name == "request" || name == "limit" {
			return writeInto(file, fmt.Sprintf("--%s %s", flag, value))
		}
	}
	return nil
}

// setSide takes one setting, named as its flag is.
func setSide(s *record.Side, value string) error {
	name, value, found := strings.Cut(value, "=")
	switch {
	case !found || value == "":
		return errors.New("want NAME=VALUE, such as image=IMAGE or env=NAME=VALUE, or the file of a Knative Service")
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
