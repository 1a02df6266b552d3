package hist

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The comments that carry a histogram's censored samples. The standard tools skip
// comments and see values only. Therefore censored samples are values at the top of
// the range, so that no tool takes them for faster than they are, and the comment says
// how many of the values there are none. Logs of earlier versions have the other mark,
// and the censored samples are not among their values.
const (
	topMark      = "[Censored, at the top of the range: "
	censoredMark = "[Censored: "
)

// mostCensored bounds what a comment may say, so that no sum overflows.
const mostCensored = 1 << 40

// WriteLog writes histograms as an .hlog file, the format that the standard
// HdrHistogram tools read: one line for each, with its tag, its interval in
// absolute seconds, its maximum in milliseconds, and its compressed counts.
func WriteLog(out io.Writer, started time.Time, histograms ...*Histogram) error {
	buffered := bufio.NewWriter(out)
	log := hdrhistogram.NewHistogramLogWriter(buffered)
	err := errors.Join(
		log.OutputComment("[Values are service response latencies in nanoseconds]"),
		log.OutputLogFormatVersion(),
		// The library's own OutputStartTime drops the milliseconds.
		log.OutputComment(fmt.Sprintf("[StartTime: %s (seconds since epoch), %s]",
			seconds(started), started.UTC().Format(time.RFC3339))),
	)
	for _, h := range histograms {
		if h.censored > 0 {
			err = errors.Join(err, log.OutputComment(h.censoredComment()))
		}
	}
	err = errors.Join(err, log.OutputLegend())
	for _, h := range histograms {
		values := h.values.Clone()
		err = errors.Join(err, values.RecordValues(int64(Highest), h.censored))
		values.SetTag(h.tag)
		values.SetStartTimeMs(milliseconds(h.Start))
		values.SetEndTimeMs(milliseconds(h.End))
		err = errors.Join(err, log.OutputIntervalHistogram(values))
	}
	if err = errors.Join(err, buffered.Flush()); err != nil {
		return fmt.Errorf("write histogram log: %w", err)
	}
	return nil
}

// ReadLog reads the histograms of an .hlog file that WriteLog wrote, or another
// tool that records nanoseconds. Lines of the same tag stay apart; see Merge.
func ReadLog(in io.Reader) ([]*Histogram, error) {
	content, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("read histogram log: %w", err)
	}
	var histograms []*Histogram
	log := hdrhistogram.NewHistogramLogReader(bytes.NewReader(content))
	for {
		values, err := log.NextIntervalHistogram()
		if err != nil {
			return nil, fmt.Errorf("read histogram log, histogram %d: %w", len(histograms)+1, err)
		}
		if values == nil {
			break
		}
		h, err := fromValues(values)
		if err != nil {
			return nil, fmt.Errorf("read histogram log, histogram %d: %w", len(histograms)+1, err)
		}
		histograms = append(histograms, h)
	}
	return histograms, readCensored(content, histograms)
}

// Decode reads a histogram from the compressed form of version 2, in Base64, that a line
// of a log has. It may hold at most so many values.
func Decode(tag, text string, most int64) (*Histogram, error) {
	values, err := hdrhistogram.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("read histogram: %w", err)
	}
	if n := values.TotalCount(); n < 0 || n > most {
		return nil, fmt.Errorf("read histogram: it has %d values, and %d at most were expected", n, most)
	}
	values.SetTag(tag)
	return fromValues(values)
}

// fromValues brings a histogram of any range and precision to ours.
func fromValues(values *hdrhistogram.Histogram) (*Histogram, error) {
	h, err := New(values.Tag())
	if err != nil {
		return nil, err
	}
	if values.TotalCount() > math.MaxInt64-mostCensored {
		return nil, fmt.Errorf("%d values are too many", values.TotalCount())
	}
	h.Start, h.End = time.UnixMilli(values.StartTimeMs()), time.UnixMilli(values.EndTimeMs())
	return h, h.Merge(&Histogram{tag: h.tag, values: values})
}

func (h *Histogram) censoredComment() string {
	return fmt.Sprintf("%s%s,%d,%d]", topMark, h.tag, h.censored, int64(h.bound))
}

// readCensored gives the censored samples in a log's comments to the first histogram
// of their tag that can have them.
func readCensored(content []byte, histograms []*Histogram) error {
	for line := range bytes.Lines(content) {
		text := strings.TrimSpace(string(line))
		rest, atTop := strings.CutPrefix(text, "#"+topMark)
		if !atTop {
			var earlier bool
			if rest, earlier = strings.CutPrefix(text, "#"+censoredMark); !earlier {
				continue
			}
		}
		tag, n, bound, err := parseCensored(rest)
		if err == nil {
			err = giveCensored(histograms, tag, n, bound, atTop)
		}
		if err != nil {
			return fmt.Errorf("read histogram log: comment %q: %w", text, err)
		}
	}
	return nil
}

func giveCensored(histograms []*Histogram, tag string, n int64, bound time.Duration, atTop bool) error {
	for _, h := range histograms {
		if h.tag != tag || atTop && !h.takeTop(n) {
			continue
		}
		h.addCensored(n, bound)
		return nil
	}
	if atTop {
		return errors.New("no histogram has so many values at the top")
	}
	return nil
}

// takeTop takes so many values at the top away. It says whether there were as many.
func (h *Histogram) takeTop(n int64) bool {
	top := hdrhistogram.New(int64(Lowest), int64(Highest), Digits)
	if top.RecordValue(int64(Highest)) != nil {
		return false
	}
	at := slices.Index(top.Export().Counts, 1)
	all := h.values.Export()
	if at < 0 || at >= len(all.Counts) || all.Counts[at] < n {
		return false
	}
	all.Counts[at] -= n
	h.values = hdrhistogram.Import(all)
	return true
}

// parseCensored reads "TAG,COUNT,BOUND]", the bound in nanoseconds.
func parseCensored(s string) (tag string, n int64, bound time.Duration, err error) {
	fields := strings.Split(strings.TrimSuffix(s, "]"), ",")
	if len(fields) != 3 {
		return "", 0, 0, errors.New("want a tag, a count and nanoseconds")
	}
	n, err = strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return "", 0, 0, err
	}
	ns, err := strconv.ParseInt(fields[2], 10, 64)
	if err == nil && (n < 0 || ns < 0 || n > mostCensored) {
		err = errors.New("a number out of range")
	}
	return fields[0], n, time.Duration(ns), err
}

func seconds(t time.Time) string { return fmt.Sprintf("%.3f", float64(t.UnixMilli())/1000) }

// milliseconds is zero for the zero time, which has no place on the Unix clock.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
