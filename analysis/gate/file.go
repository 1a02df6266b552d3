package gate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// File is what a gate file asks for.
//
//	slo:
//	  - p(95)<2s
//	  - gvisor: p(95)<3s
//	regression:
//	  baseline: [results/baseline-*.jsonl]
//	  last: 10
//	  percentiles: [50, 95]
//	  tolerance: {share: 10%, absolute: 50ms}
//	  expected: [imageDigest]
//	inconclusive: fail
//	allowIncomplete: true
type File struct {
	Thresholds []Threshold
	// Regression is nil when the file does not ask for it.
	Regression *Options
	// Baseline names run files, patterns of them, or folders, as they were written.
	Baseline []string
	// Last is how many runs are taken from each folder; zero is DefaultLast.
	Last int
	// Inconclusive is Pass, Fail, or empty.
	Inconclusive Verdict
	// AllowIncomplete judges runs that failed, were interrupted or were cut off.
	AllowIncomplete bool
}

// ParseFile reads a gate file. It is strict: an unknown field, a field that is
// there twice, and an expression that cannot be read are errors that name the
// file and the line.
func ParseFile(name string, data []byte) (*File, error) {
	if err := nothingEmpty(data); err != nil {
		return nil, located(name, err)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	var doc fileDocument
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: the gate file is empty", name)
	case err != nil:
		return nil, located(name, err)
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: a gate file holds one document", name)
	}
	f, err := doc.file()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// nothingEmpty refuses keys and items without a value. They would be read as if they were
// not there, and what somebody meant to be judged would not be.
func nothingEmpty(data []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil // the decoder says more
	}
	return emptyIn(&doc)
}

func emptyIn(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return atLine(n, errors.New("a key or an item has no value: give it one, or leave it out"))
	}
	for _, part := range n.Content {
		if err := emptyIn(part); err != nil {
			return err
		}
	}
	return nil
}

// The types that the file is decoded into. Those of scalars read them with the
// grammar that flags have.
type (
	fileDocument struct {
		SLO          []fileThreshold `yaml:"slo"`
		Regression   *fileRegression `yaml:"regression"`
		Inconclusive fileVerdict     `yaml:"inconclusive"`
		Incomplete   bool            `yaml:"allowIncomplete"`
	}
	fileRegression struct {
		Baseline    []string         `yaml:"baseline"`
		Last        fileCount        `yaml:"last"`
		Percentiles []filePercentile `yaml:"percentiles"`
		Tolerance   struct {
			Share    fileShare    `yaml:"share"`
			Absolute fileDuration `yaml:"absolute"`
		} `yaml:"tolerance"`
		Unit     fileUnit `yaml:"unit"`
		Expected []string `yaml:"expected"`
		Force    bool     `yaml:"force"`
	}
	fileThreshold  struct{ Threshold }
	filePercentile float64
	fileShare      struct{ *float64 }
	fileDuration   struct{ *time.Duration }
	fileVerdict    Verdict
	fileUnit       string
	fileCount      int
)

func (d *fileDocument) file() (*File, error) {
	f := &File{Inconclusive: Verdict(d.Inconclusive), AllowIncomplete: d.Incomplete}
	for _, t := range d.SLO {
		f.Thresholds = append(f.Thresholds, t.Threshold)
	}
	if r := d.Regression; r != nil {
		f.Baseline, f.Last = r.Baseline, int(r.Last)
		f.Regression = r.options()
		if err := f.Regression.Validate(); err != nil {
			return nil, err
		}
	}
	if len(f.Thresholds) == 0 && f.Regression == nil {
		return nil, errors.New("the gate file asks for nothing: want slo, regression, or both")
	}
	return f, nil
}

func (r *fileRegression) options() *Options {
	o := &Options{Conditions: Conditions{Expected: r.Expected, Force: r.Force}, Tolerance: DefaultTolerance}
	for _, p := range r.Percentiles {
		o.Quantiles = append(o.Quantiles, float64(p))
	}
	if s := r.Tolerance.Share.float64; s != nil {
		o.Tolerance.Share = *s
	}
	if d := r.Tolerance.Absolute.Duration; d != nil {
		o.Tolerance.Absolute = *d
	}
	o.Tolerance = explicit(o.Tolerance)
	return o
}

// UnmarshalYAML reads an expression. `gvisor: p(95)<3s` without quotes is a
// mapping to YAML, and meant as one expression.
func (t *fileThreshold) UnmarshalYAML(n *yaml.Node) error {
	text := n.Value
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		text = n.Content[0].Value + ": " + n.Content[1].Value
	} else if n.Kind != yaml.ScalarNode {
		return atLine(n, errors.New("want a threshold such as p(95)<2s"))
	}
	var err error
	t.Threshold, err = ParseSLO(text)
	return atLine(n, err)
}

func (p *filePercentile) UnmarshalYAML(n *yaml.Node) error {
	q, err := ParsePercentile(n.Value)
	*p = filePercentile(q)
	return atLine(n, err)
}

func (s *fileShare) UnmarshalYAML(n *yaml.Node) error {
	v, err := ParseShare(n.Value)
	s.float64 = &v
	return atLine(n, err)
}

func (d *fileDuration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	d.Duration = &v
	return atLine(n, err)
}

func (v *fileVerdict) UnmarshalYAML(n *yaml.Node) error {
	parsed, err := ParseInconclusive(n.Value)
	*v = fileVerdict(parsed)
	return atLine(n, err)
}

// UnmarshalYAML takes the one unit that there is. Blocks of one run say nothing of
// how much runs differ.
func (u *fileUnit) UnmarshalYAML(n *yaml.Node) error {
	if n.Value != "run" {
		return atLine(n, fmt.Errorf("unit %q: the unit of evidence of a baseline is the run; leave it out", n.Value))
	}
	return nil
}

func (c *fileCount) UnmarshalYAML(n *yaml.Node) error {
	var number int
	if err := n.Decode(&number); err != nil || number < 1 {
		return atLine(n, fmt.Errorf("last %q: want a number of runs, 1 or more", n.Value))
	}
	*c = fileCount(number)
	return nil
}

// ParsePercentile reads "95", "p95" or "p(95)" as the quantile 0.95.
func ParsePercentile(s string) (float64, error) {
	q, err := parsePercentile(strings.Trim(strings.TrimPrefix(s, "p"), "()"))
	if err != nil {
		return 0, fmt.Errorf("percentile %q: %w", s, err)
	}
	return q, nil
}

// ParseInconclusive reads what an inconclusive result shall count as.
func ParseInconclusive(s string) (Verdict, error) {
	switch v := Verdict(s); v {
	case Pass, Fail, "":
		return v, nil
	}
	return "", fmt.Errorf("inconclusive %q: want pass or fail", s)
}

// lineError is an error at a line of the file.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }

func atLine(n *yaml.Node, err error) error {
	if err == nil {
		return nil
	}
	return &lineError{n.Line, err}
}

var lineOfYAML = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?line (\d+): (?s:(.*))$`)

// located names the file and the line of what the decoder says.
func located(name string, err error) error {
	var at *lineError
	if errors.As(err, &at) {
		return fmt.Errorf("%s:%d: %w", name, at.line, at.err)
	}
	text := err.Error()
	var several *yaml.TypeError
	if errors.As(err, &several) && len(several.Errors) > 0 {
		text = several.Errors[0]
	}
	m := lineOfYAML.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%s: %s", name, strings.TrimPrefix(text, "yaml: "))
	}
	said := unknownField.ReplaceAllString(m[2], "unknown field $1")
	said = noList.ReplaceAllString(said, "want a list, such as [$1], not $1")
	said = mapNoList.ReplaceAllString(said, "want a list, each of its items after a dash")
	return fmt.Errorf("%s:%s: %s", name, m[1], wrongKind.ReplaceAllString(said, "$1 has no place here"))
}

// What the decoder says with the names of Go types in it.
var (
	unknownField = regexp.MustCompile(`field (\S+) not found in type \S+`)
	noList       = regexp.MustCompile("cannot unmarshal !!\\w+ `(.*?)` into \\[\\]\\S+")
	mapNoList    = regexp.MustCompile(`cannot unmarshal !!map into \[\]\S+`)
	wrongKind    = regexp.MustCompile("cannot unmarshal !!\\w+ (`.*?`|) ?into \\S+")
)
