package gate

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// AllServices selects every number of services.
const AllServices = 0

// Threshold is one expression of k6's grammar, such as "p(95)<2s", optionally
// for one class, "gvisor: p(95)<3s", for one number of services,
// "*/500: spawned>=490", or for both, "runc/100: max<30s".
type Threshold struct {
	// RuntimeClass is empty for every class, Services AllServices for every number.
	RuntimeClass string
	Services     int
	Metric       Metric
	// Quantile in [0, 1] is that of Percentile, Median and LoadPercentile, and zero
	// otherwise.
	Quantile float64
	// Operator is "<", "<=", ">" or ">=".
	Operator string
	// Limit is in nanoseconds, a share from 0 to 1, or a count.
	Limit float64
}

var (
	expression = regexp.MustCompile(`^(?:([^:]*):)?\s*([a-zA-Z]+)\s*(\([^()]*\))?\s*(<=|>=|===|==|!=|<|>)\s*(\S+)\s*$`)
	selector   = regexp.MustCompile(`^\s*(\*|[^\s/*:]+)?\s*(?:/\s*([1-9][0-9]*))?\s*$`)
)

// ParseThreshold reads an expression. Latencies take a duration with its unit,
// shares a percentage, counts a number.
func ParseThreshold(s string) (Threshold, error) {
	t, err := parseThreshold(s)
	if err != nil {
		return Threshold{}, fmt.Errorf("threshold %q: %w", s, err)
	}
	return t, nil
}

func parseThreshold(s string) (Threshold, error) {
	m := expression.FindStringSubmatch(s)
	if m == nil {
		return Threshold{}, errors.New(`want METRIC OPERATOR VALUE, such as p(95)<2s, failed<1% or "gvisor: max<5s"`)
	}
	t := Threshold{Metric: Metric(m[2]), Operator: m[4]}
	if err := t.selectCells(m[1], strings.Contains(s, ":")); err != nil {
		return t, err
	}
	row, known := metricOf(t.Metric)
	if !known {
		return t, fmt.Errorf("unknown metric %q: there are %s", m[2], metricForms())
	}
	if err := t.setQuantile(row, m[3]); err != nil {
		return t, err
	}
	if strings.ContainsAny(t.Operator, "!") || strings.HasPrefix(t.Operator, "==") {
		return t, fmt.Errorf("operator %s: a bound is judged by <, <=, > or >=", t.Operator)
	}
	limit, err := parseLimit(row.unit, m[5])
	if err != nil {
		return t, meant(err, s, m[5])
	}
	t.Limit = limit
	return t, t.decides(row, m[5])
}

// decides makes sure that there is something to judge: a threshold that every run
// meets is a slip of the pen and would always pass.
func (t Threshold) decides(row metric, value string) error {
	kind := row.unit
	switch {
	case kind == latency && !t.upper() && t.Limit < shortest:
		return fmt.Errorf("every latency is %s%s, so that it would always pass: did you mean %s?", t.Operator, value, t.turned())
	case kind == share && (t.Operator == "<" && t.Limit == 0 || t.Operator == ">" && t.Limit == 1):
		return fmt.Errorf("no share is %s%s", t.Operator, value)
	case kind == share && (t.Operator == "<=" && t.Limit == 1 || t.Operator == ">=" && t.Limit == 0):
		return fmt.Errorf("every share is %s%s, so that it would always pass", t.Operator, value)
	case kind == share && t.upper() == (row.better == lower) && t.distance(row) > farthest:
		return fmt.Errorf("nearly every run is %s%s, so that it would always pass: did you mean %s?", t.Operator, value, t.mirrored())
	case kind == count && t.Operator == ">=" && t.Limit == 0:
		return fmt.Errorf("every number is %s%s, so that it would always pass", t.Operator, value)
	}
	return nil
}

// distance is how far a share is from the one that is as good as can be.
func (t Threshold) distance(row metric) float64 {
	if row.better == higher {
		return 1 - t.Limit
	}
	return t.Limit
}

// mirrored bounds the share of the others: failed<99% is probably meant to be failed<1%.
func (t Threshold) mirrored() Threshold {
	t.Limit = math.Round((1-t.Limit)*1e12) / 1e12
	if t.Limit == 0 || t.Limit == 1 {
		t.Limit = math.Abs(t.Limit - 0.01)
	}
	return t
}

// turned bounds from the other side.
func (t Threshold) turned() Threshold {
	t.Operator = strings.Map(func(r rune) rune {
		switch r {
		case '<':
			return '>'
		case '>':
			return '<'
		}
		return r
	}, t.Operator)
	return t
}

// ParseSLO reads a threshold that a gate judges: one that bounds how bad a run may be. One
// that bounds how good it may be is refused, because it would pass what is too bad. The
// minimum alone may have a bound on either side.
func ParseSLO(s string) (Threshold, error) {
	t, err := ParseThreshold(s)
	if err != nil {
		return t, err
	}
	row, _ := metricOf(t.Metric)
	if t.Metric != Min && t.upper() != (row.better == lower) {
		return Threshold{}, fmt.Errorf("threshold %q: the worse a run is, the better it would pass: did you mean %s?", s, t.turned())
	}
	return t, nil
}

// meant adds the whole threshold as it was probably meant.
func meant(err error, whole, value string) error {
	var missing *shareError
	if !errors.As(err, &missing) {
		return err
	}
	at := strings.LastIndex(whole, value)
	return fmt.Errorf("%w: did you mean %s%s?", err, strings.TrimSpace(whole[:at]), missing.meant)
}

func (t *Threshold) selectCells(s string, given bool) error {
	if !given {
		return nil
	}
	m := selector.FindStringSubmatch(s)
	if m == nil || (m[1] == "" && m[2] == "") {
		return fmt.Errorf("%q selects nothing: want CLASS, CLASS/SERVICES or */SERVICES before the colon", s)
	}
	if m[1] != "*" {
		t.RuntimeClass = m[1]
	}
	if m[2] == "" {
		return nil
	}
	n, err := strconv.Atoi(m[2])
	t.Services = n
	return err
}

// setQuantile takes the argument with its brackets.
func (t *Threshold) setQuantile(row metric, argument string) error {
	t.Quantile = row.quantile
	if !row.argument {
		if argument != "" {
			return fmt.Errorf("%s takes no argument", t.Metric)
		}
		return nil
	}
	q, err := parsePercentile(strings.Trim(argument, "( )"))
	if err != nil {
		return fmt.Errorf("%s%s: %w", t.Metric, argument, err)
	}
	t.Quantile = q
	return nil
}

// upper says that the threshold bounds from above.
func (t Threshold) upper() bool { return t.Operator[0] == '<' }

// holds says whether a value meets the threshold.
func (t Threshold) holds(v float64) bool {
	switch t.Operator {
	case "<":
		return v < t.Limit
	case "<=":
		return v <= t.Limit
	case ">":
		return v > t.Limit
	}
	return v >= t.Limit
}

// String writes the threshold so that ParseThreshold reads it back.
func (t Threshold) String() string {
	return t.selection() + t.subject()
}

func (t Threshold) selection() string {
	class := t.RuntimeClass
	switch {
	case class == "" && t.Services == AllServices:
		return ""
	case class == "":
		class = "*"
	}
	if t.Services != AllServices {
		class += "/" + strconv.Itoa(t.Services)
	}
	return class + ": "
}

// subject is the threshold without the cells it is for.
func (t Threshold) subject() string {
	name := string(t.Metric)
	if m, _ := metricOf(t.Metric); m.argument {
		name += "(" + number(t.Quantile*100) + ")"
	}
	return name + t.Operator + t.limit()
}

func (t Threshold) limit() string {
	m, _ := metricOf(t.Metric)
	switch m.unit {
	case latency:
		return time.Duration(t.Limit).String()
	case share:
		return number(t.Limit*100) + "%"
	}
	return number(t.Limit)
}
