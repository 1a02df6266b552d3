package metric

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Label is a property of a point.
type Label struct{ Name, Value string }

// labelName is a name that Prometheus takes and does not keep for itself.
var labelName = regexp.MustCompile(`^[a-zA-Z]\w*$`)

// ParseLabels reads labels that are written NAME=VALUE.
func ParseLabels(texts []string) ([]Label, error) {
	var labels []Label
	for _, text := range texts {
		name, value, found := strings.Cut(text, "=")
		if !found || value == "" || !labelName.MatchString(name) {
			return nil, fmt.Errorf("%q is not NAME=VALUE with a name of letters, digits and underscores", text)
		}
		if slices.ContainsFunc(labels, func(l Label) bool { return l.Name == name }) {
			return nil, fmt.Errorf("%s is given twice", name)
		}
		labels = append(labels, Label{name, value})
	}
	return labels, nil
}

// Label adds labels to every point. It fails if a point has one of these names already.
func (s *Set) Label(labels ...Label) error {
	for _, l := range labels {
		for i := range s.Families {
			f := &s.Families[i]
			if l.Name == "le" || slices.ContainsFunc(f.Points, func(p Point) bool { return p.has(l.Name) }) {
				return fmt.Errorf("metrics have a label %s of their own", l.Name)
			}
			for j := range f.Points {
				f.Points[j].Labels = with(f.Points[j].Labels, l.Name, l.Value)
			}
		}
	}
	return nil
}

func (p Point) has(name string) bool {
	return slices.ContainsFunc(p.Labels, func(l Label) bool { return l.Name == name })
}
