package analysis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/handler"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// AddHandlers adds what the handlers of the classes cost to have. It is an error if none of
// the costs is of a handler of the runs; a class that has none is warned of, and so are a
// handler of another version and one that failed.
func (s *Summary) AddHandlers(costs []handler.Cost) error {
	var names []string
	for _, class := range s.classes() {
		names = append(names, class.Name)
		at := slices.IndexFunc(costs, func(c handler.Cost) bool { return c.Name == class.Name || c.Name == class.Handler })
		if at < 0 {
			s.warnHandler(class.Name, "the file of handlers does not have it")
			continue
		}
		cost := costs[at]
		cost.RuntimeClass = class.Name
		s.Handlers = append(s.Handlers, cost)
		if ran := s.handlerRan(class.Name); ran != "" && cost.Version != "" && !strings.Contains(ran, cost.Version) {
			s.warnHandler(class.Name, "its handler was measured in version "+cost.Version+", and the run had "+ran)
		}
		if failure := cost.Failure(); failure != "" {
			s.warnHandler(class.Name, "its handler failed when it was measured: "+failure)
		}
	}
	if len(s.Handlers) == 0 {
		var measured []string
		for _, c := range costs {
			measured = append(measured, c.Name)
		}
		return fmt.Errorf("the costs are of the handlers %s, and the runs have the classes %s", strings.Join(measured, ", "), strings.Join(names, ", "))
	}
	return nil
}

func (s *Summary) warnHandler(class, message string) {
	s.Warnings = append(s.Warnings, warnCell(Trouble, record.Key{RuntimeClass: class}, "%s", message))
}

// classes are those of all runs, each once.
func (s *Summary) classes() []record.Class {
	var list []record.Class
	for _, r := range s.Runs {
		for _, class := range r.Classes {
			if !slices.ContainsFunc(list, func(c record.Class) bool { return c.Name == class.Name }) {
				list = append(list, class)
			}
		}
	}
	return list
}

// handlerRan is what the first run that tells it says of the version of a class's handler.
func (s *Summary) handlerRan(class string) string {
	for _, r := range s.Runs {
		for _, entry := range r.Cluster.Handlers {
			name, version, _ := strings.Cut(entry, " ")
			if of, _, _ := strings.Cut(name, "="); of == class && version != "" {
				return version
			}
		}
	}
	return ""
}
