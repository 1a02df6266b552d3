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
	// Quantile in [0, 1] is that of Percentile and Median, and zero otherwise.
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
		return t, err
	}
	if t.Limit = limit; row.unit == share && (t.Operator == "<" && limit == 0 || t.Operator == ">" && limit == 1) {
		return t, fmt.Errorf("no share is %s%s", t.Operator, m[5])
	}
	return t, nil
}

// longest is a limit that no latency reaches.
const longest = 1000 * time.Hour

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
	q, err := hundredth(strings.Trim(argument, "( )"))
	if err != nil || !(q > 0 && q < 1) {
		return fmt.Errorf("p%s: want a percentile between 0 and 100, without them", argument)
	}
	t.Quantile = q
	return nil
}

func parseLimit(kind unit, s string) (float64, error) {
	switch kind {
	case latency:
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 || d > longest {
			return 0, fmt.Errorf("value %q: want a duration with its unit, such as 900ms or 2s", s)
		}
		return float64(d), nil
	case share:
		return ParseShare(s)
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("value %q: want a number of instances", s)
	}
	return float64(n), nil
}

// ParseShare reads "1%", or 0.01 as k6 writes it, as a share from 0 to 1.
func ParseShare(s string) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if number, isPercent := strings.CutSuffix(s, "%"); isPercent {
		n, err = hundredth(number)
	}
	if err != nil || !(n >= 0 && n <= 1) || math.Signbit(n) {
		return 0, fmt.Errorf("value %q: want a share, such as 1%% or 0.01", s)
	}
	return n, nil
}

// hundredth reads a number in hundredths, to the digit: 99.9 / 100 is not 0.999
// in floating point.
func hundredth(s string) (float64, error) { return strconv.ParseFloat(s+"e-2", 64) }

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
	if t.Metric == Percentile {
		name = "p(" + number(t.Quantile*100) + ")"
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

// number prints without the noise of a division by a hundred.
func number(v float64) string {
	return strconv.FormatFloat(v, 'g', 12, 64)
}
