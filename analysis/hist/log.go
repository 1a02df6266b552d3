package hist

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// censoredMark opens the comment that carries a histogram's censored samples.
// The standard tools skip comments, and so see the values only.
const censoredMark = "[Censored: "

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
		h.values.SetTag(h.tag)
		h.values.SetStartTimeMs(milliseconds(h.Start))
		h.values.SetEndTimeMs(milliseconds(h.End))
		err = errors.Join(err, log.OutputIntervalHistogram(h.values))
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

// fromValues brings a histogram of any range and precision to ours.
func fromValues(values *hdrhistogram.Histogram) (*Histogram, error) {
	h, err := New(values.Tag())
	if err != nil {
		return nil, err
	}
	h.Start, h.End = time.UnixMilli(values.StartTimeMs()), time.UnixMilli(values.EndTimeMs())
	return h, h.Merge(&Histogram{tag: h.tag, values: values})
}

func (h *Histogram) censoredComment() string {
	return fmt.Sprintf("%s%s,%d,%d]", censoredMark, h.tag, h.censored, int64(h.bound))
}

// readCensored gives the censored samples in a log's comments to the first
// histogram of their tag.
func readCensored(content []byte, histograms []*Histogram) error {
	for line := range bytes.Lines(content) {
		rest, ours := strings.CutPrefix(strings.TrimSpace(string(line)), "#"+censoredMark)
		if !ours {
			continue
		}
		tag, n, bound, err := parseCensored(rest)
		if err != nil {
			return fmt.Errorf("read histogram log: comment %q: %w", strings.TrimSpace(string(line)), err)
		}
		for _, h := range histograms {
			if h.tag == tag {
				h.addCensored(n, bound)
				break
			}
		}
	}
	return nil
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
	if err == nil && (n < 0 || ns < 0) {
		err = errors.New("a negative number")
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
