package load

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Grammar describes how a schedule is written, for the help of a command line.
const Grammar = `  50/s                         50 requests a second, at equal distances (also 30/m)
  10/s..500/s:60s              from 10 to 500 a second within 60s
  10/s:30s,300/s:60s,10/s      one after the other, each for as long as it says; the last rate stays until the end
  sine:10/s..200/s:2m          up and down between two rates, with a period of 2m, beginning at the lower one
  poisson:50/s                 50 a second in the mean, at random distances
  replay:FILE                  what a file says, one "seconds,requests" on each line: so many requests, at equal
                               distances, from that second on until that of the next line`

// The shapes of a schedule that have a name. One without has parts.
const (
	sine    = "sine"
	poisson = "poisson"
	replay  = "replay"
)

// MostRate is the highest rate of a schedule, in requests per second. It is more than one
// client can send.
const MostRate = 100_000

// leastRate is the lowest one, which is one request an hour.
const leastRate = 1.0 / 3600

// Schedule is when the requests of a load are due. It is read by Parse, and written by
// String as Grammar describes.
type Schedule struct {
	// shape is sine, poisson, replay, or empty.
	shape string
	parts []part
	// file is where the parts of a replay come from, and sum the SHA-256 of it.
	file, sum string
}

// part is a stretch of a schedule: a rate that stays, or one that goes from one value to
// another. Rates are in requests per second.
type part struct {
	from, to float64
	// length is zero if the part lasts until the end; of a sine it is the period.
	length time.Duration
}

// Parse reads a schedule. ramp, when it is not zero, is the length of a part that goes
// from one rate to another and has none.
func Parse(text string, ramp time.Duration) (Schedule, error) {
	s, err := parse(text, ramp)
	if err != nil {
		return Schedule{}, fmt.Errorf("rate %q: %w", text, err)
	}
	return s, nil
}

func parse(text string, ramp time.Duration) (Schedule, error) {
	shape, rest, named := strings.Cut(text, ":")
	switch {
	case ramp < 0:
		return Schedule{}, fmt.Errorf("the ramp is %v: it must not be negative", ramp)
	case named && shape == replay:
		return readReplay(rest)
	case named && shape == poisson:
		return parsePoisson(rest)
	case named && shape == sine:
		return parseSine(rest)
	}
	return parseParts(text, ramp)
}

func parsePoisson(text string) (Schedule, error) {
	p, err := parsePart(text)
	if err == nil && (p.from != p.to || p.length != 0 || p.from == 0) {
		err = errors.New("want one rate, such as poisson:50/s")
	}
	return Schedule{shape: poisson, parts: []part{p}}, err
}

func parseSine(text string) (Schedule, error) {
	p, err := parsePart(text)
	if err == nil && (p.from == 0 || p.from >= p.to || p.length == 0) {
		err = errors.New("want a lower rate above 0, a higher one and a period, such as sine:10/s..200/s:2m")
	}
	return Schedule{shape: sine, parts: []part{p}}, err
}

func parseParts(text string, ramp time.Duration) (Schedule, error) {
	var s Schedule
	ramped := false
	words := strings.Split(text, ",")
	for i, word := range words {
		p, err := parsePart(word)
		if err != nil {
			return s, err
		}
		if p.from != p.to && p.length == 0 && ramp > 0 {
			p.length, ramped = ramp, true
		}
		if p.length == 0 && i < len(words)-1 {
			return s, fmt.Errorf("%q needs a length, such as %s:30s: only the last part lasts until the end", word, word)
		}
		s.parts = append(s.parts, p)
	}
	if ramp > 0 && !ramped {
		return s, errors.New("a ramp is for a part that goes from one rate to another, such as 10/s..500/s, and has no length of its own")
	}
	return s, s.validate()
}

// validate makes sure that there is something to send.
func (s Schedule) validate() error {
	for _, p := range s.parts {
		if p.from > 0 || p.to > 0 {
			return nil
		}
	}
	return errors.New("no request is ever due")
}

// parsePart reads RATE[..RATE][:LENGTH].
func parsePart(text string) (p part, err error) {
	rates, length, long := strings.Cut(text, ":")
	from, to, moving := strings.Cut(rates, "..")
	if p.from, err = parseRate(from); err != nil {
		return p, err
	}
	if p.to = p.from; moving {
		if p.to, err = parseRate(to); err != nil {
			return p, err
		}
	}
	if !long {
		return p, nil
	}
	if p.length, err = time.ParseDuration(length); err != nil || p.length <= 0 {
		return p, fmt.Errorf("%q is no length: write 30s or 2m", length)
	}
	return p, nil
}

// parseRate reads a number of requests per second, or per minute.
func parseRate(text string) (float64, error) {
	number, unit, _ := strings.Cut(text, "/")
	per := map[string]float64{"s": 1, "m": 60}[unit]
	if per == 0 {
		return 0, fmt.Errorf("%q is no rate: write 50/s or 30/m", text)
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no rate: %q is not a number", text, number)
	}
	return n / per, checkRate(n/per, text)
}

func checkRate(rate float64, text string) error {
	if rate == 0 || rate >= leastRate && rate <= MostRate {
		return nil
	}
	return fmt.Errorf("a rate of %s makes no sense: want 0, or one from one an hour to %d a second", text, MostRate)
}

// Constant is so many requests a second, at equal distances.
func Constant(rate int) Schedule {
	return Schedule{parts: []part{{from: float64(rate), to: float64(rate)}}}
}

// Rate is the only rate of a schedule, in requests a second, if it is a whole number and
// the requests come at equal distances.
func (s Schedule) Rate() (rate int, ok bool) {
	if s.shape != "" || len(s.parts) != 1 || s.parts[0].from != s.parts[0].to {
		return 0, false
	}
	rate = int(s.parts[0].from)
	return rate, rate > 0 && float64(rate) == s.parts[0].from
}

// FileSHA256 is that of the file of a replay, in hexadecimal digits, and else empty.
func (s Schedule) FileSHA256() string { return s.sum }

// Length is how long the schedule lasts by itself; zero if it says nothing of it.
func (s Schedule) Length() time.Duration {
	if s.shape == sine {
		return 0
	}
	var sum time.Duration
	for _, p := range s.parts {
		if p.length == 0 {
			return 0
		}
		sum += p.length
	}
	return sum
}

// String is the schedule as Parse reads it. A ramp has its length.
func (s Schedule) String() string {
	if s.shape == replay {
		return replay + ":" + s.file
	}
	var words []string
	for _, p := range s.parts {
		words = append(words, p.String())
	}
	text := strings.Join(words, ",")
	if s.shape != "" {
		text = s.shape + ":" + text
	}
	return text
}

func (p part) String() string {
	text := rateText(p.from)
	if p.to != p.from {
		text += ".." + rateText(p.to)
	}
	if p.length > 0 {
		text += ":" + p.length.String()
	}
	return text
}

// rateText is a rate by the second where that is exact, and else by the minute.
func rateText(rate float64) string {
	unit := "/s"
	if bySecond := strconv.FormatFloat(rate, 'g', -1, 64); len(bySecond) > 8 {
		rate, unit = rate*60, "/m"
	}
	return strconv.FormatFloat(rate, 'g', -1, 64) + unit
}
