package load

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// readReplay reads a schedule from a file; see Grammar. The last line lasts as long as
// the one before it, or a second if it is the only one.
func readReplay(file string) (Schedule, error) {
	if file == "" {
		return Schedule{}, errors.New("want a file, such as replay:trace.csv")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return Schedule{}, err
	}
	s := Schedule{shape: replay, file: file, sum: fmt.Sprintf("%x", sha256.Sum256(text))}
	bins, err := parseBins(string(text))
	if err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	length := time.Second
	for i, b := range bins {
		if i+1 < len(bins) {
			length = bins[i+1].begins - b.begins
		}
		rate := float64(b.requests) / length.Seconds()
		if err := checkRate(rate, fmt.Sprintf("%d requests within %v", b.requests, length)); err != nil {
			return s, fmt.Errorf("%s: line %d: %w", file, b.line, err)
		}
		s.parts = append(s.parts, part{rate, rate, length})
	}
	return s, s.validate()
}

// bin is a line of a replayed schedule.
type bin struct {
	line     int
	begins   time.Duration
	requests int
}

// parseBins reads lines "seconds,requests". Empty lines, those that begin with #, and a
// first line with the names of the columns are read over.
func parseBins(text string) ([]bin, error) {
	var bins []bin
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || len(bins) == 0 && line == "seconds,requests" {
			continue
		}
		b, err := parseBin(line)
		b.line = i + 1
		if err == nil && len(bins) == 0 && b.begins != 0 {
			err = errors.New("the first line is that of second 0")
		}
		if err == nil && len(bins) > 0 && b.begins <= bins[len(bins)-1].begins {
			err = fmt.Errorf("second %g does not come after that of the line before", b.begins.Seconds())
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", b.line, err)
		}
		bins = append(bins, b)
	}
	if len(bins) == 0 {
		return nil, errors.New("it has no line")
	}
	return bins, nil
}

// longestReplay bounds the seconds of a replayed schedule.
const longestReplay = 366 * 24 * time.Hour

func parseBin(line string) (bin, error) {
	seconds, requests, _ := strings.Cut(line, ",")
	at, err := strconv.ParseFloat(strings.TrimSpace(seconds), 64)
	if err != nil || !(at >= 0 && at <= longestReplay.Seconds()) {
		return bin{}, fmt.Errorf("%q: want seconds,requests, such as 60,12", line)
	}
	n, err := strconv.Atoi(strings.TrimSpace(requests))
	if err != nil || n < 0 {
		return bin{}, fmt.Errorf("%q: want seconds,requests, such as 60,12", line)
	}
	return bin{begins: time.Duration(at * float64(time.Second)), requests: n}, nil
}
