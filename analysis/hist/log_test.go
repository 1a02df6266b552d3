package hist

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// sampleLog is a log of two classes, one of them with censored samples.
func sampleLog(t *testing.T) (string, time.Time) {
	t.Helper()
	started := time.UnixMilli(1_700_000_000_123)
	a, b := mustNew(t, "runc"), mustNew(t, "gvisor/50")
	recordAll(t, a, 740*time.Millisecond, 750*time.Millisecond, 1200*time.Millisecond)
	recordAll(t, b, 2540*time.Millisecond)
	b.Censor(120 * time.Second)
	b.Censor(120 * time.Second)
	a.Start, a.End = started.Add(time.Second), started.Add(3500*time.Millisecond)
	b.Start, b.End = started, started.Add(time.Minute)
	var out bytes.Buffer
	if err := WriteLog(&out, started, a, b); err != nil {
		t.Fatal(err)
	}
	return out.String(), started
}

// interval is a line of a log as the reference decoder splits it.
type interval struct {
	tag                string
	start, length, max float64
	payload            string
}

// parseIntervals reads a log by the published format alone, not by the library
// that wrote it: what it cannot read, the standard tools cannot either.
func parseIntervals(t *testing.T, log string) (start float64, intervals []interval) {
	t.Helper()
	startTime := regexp.MustCompile(`^#\[StartTime: ([0-9]+\.[0-9]{3}) \(seconds since epoch\), .+\]$`)
	line := regexp.MustCompile(`^(?:Tag=([^, \r\n]+),)?([0-9.]+),([0-9.]+),([0-9.]+),(HIST[A-Za-z0-9+/]+=*)$`)
	number := func(s string) float64 {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, l := range strings.Split(strings.TrimSuffix(log, "\n"), "\n") {
		if m := startTime.FindStringSubmatch(l); m != nil {
			start = number(m[1])
		} else if m := line.FindStringSubmatch(l); m != nil {
			intervals = append(intervals, interval{m[1], number(m[2]), number(m[3]), number(m[4]), m[5]})
		} else if !strings.HasPrefix(l, "#") && !strings.HasPrefix(l, `"StartTimestamp"`) {
			t.Errorf("not a line of a histogram log: %q", l)
		}
	}
	return start, intervals
}

func TestLogFormat(t *testing.T) {
	log, started := sampleLog(t)
	if !strings.Contains(log, "#[Histogram log format version 1.3]\n") {
		t.Errorf("no format version:\n%s", log)
	}
	start, intervals := parseIntervals(t, log)
	if start != float64(started.UnixMilli())/1000 {
		t.Errorf("start time %v", start)
	}
	if len(intervals) != 2 {
		t.Fatalf("got %d intervals:\n%s", len(intervals), log)
	}
	for i, want := range []interval{
		{tag: "runc", start: 1_700_000_001.123, length: 2.5, max: 1200},
		{tag: "gvisor/50", start: 1_700_000_000.123, length: 60, max: 3_600_000},
	} {
		got := intervals[i]
		if got.tag != want.tag || !within(got.start, want.start, 1e-3) || !within(got.length, want.length, 1e-3) {
			t.Errorf("interval %d: got tag %q, start %f, length %f, want %+v", i, got.tag, got.start, got.length, want)
		}
		// The maximum is in milliseconds, to the histogram's precision.
		if !within(got.max, want.max, want.max/500) {
			t.Errorf("interval %d: got max %f ms, want %f", i, got.max, want.max)
		}
	}
}

func within(a, b, by float64) bool { return a-b <= by && b-a <= by }

// TestLogPayload decodes a payload by hand: base64, cookie, length, zlib, and
// the header of the V2 encoding with its ZigZag LEB128 counts.
func TestLogPayload(t *testing.T) {
	log, _ := sampleLog(t)
	_, intervals := parseIntervals(t, log)
	compressed, err := base64.StdEncoding.DecodeString(intervals[0].payload)
	if err != nil {
		t.Fatal(err)
	}
	if cookie := binary.BigEndian.Uint32(compressed); cookie != 0x1c849314 {
		t.Errorf("compressed cookie %#x", cookie)
	}
	if length := binary.BigEndian.Uint32(compressed[4:]); int(length) != len(compressed)-8 {
		t.Errorf("compressed length %d of %d bytes", length, len(compressed)-8)
	}
	z, err := zlib.NewReader(bytes.NewReader(compressed[8:]))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var header struct {
		Cookie, PayloadLength, NormalizingIndexOffset, Digits uint32
		Lowest, Highest                                       int64
		Ratio                                                 float64
	}
	if err := binary.Read(bytes.NewReader(b), binary.BigEndian, &header); err != nil {
		t.Fatal(err)
	}
	if header.Cookie != 0x1c849313 || int(header.PayloadLength) != len(b)-40 || header.Digits != 3 ||
		header.Lowest != 1000 || header.Highest != int64(time.Hour) || header.Ratio != 1 {
		t.Errorf("header %+v of %d bytes", header, len(b))
	}
	// An offset that is not zero makes the C reader shift every bucket.
	if header.NormalizingIndexOffset != 0 {
		t.Errorf("normalizing index offset %d", header.NormalizingIndexOffset)
	}
	checkCounts(t, b[40:], map[time.Duration]int64{
		740 * time.Millisecond: 1, 750 * time.Millisecond: 1, 1200 * time.Millisecond: 1,
	})
}

// checkCounts walks ZigZag LEB128 counts, where a negative one skips buckets.
func checkCounts(t *testing.T, counts []byte, want map[time.Duration]int64) {
	t.Helper()
	index, found := int64(0), map[int64]int64{}
	for len(counts) > 0 {
		n, size := binary.Varint(counts)
		counts = counts[size:]
		if n < 0 {
			index -= n
			continue
		}
		found[index] += n
		index++
	}
	for value, n := range want {
		if found[bucket(int64(value))] != n {
			t.Errorf("bucket of %v: got %d, want %d in %v", value, found[bucket(int64(value))], n, found)
		}
	}
	if len(found) != len(want) {
		t.Errorf("got buckets %v for %v", found, want)
	}
}

// bucket is the index of a value by the format's definition, for a lowest value
// of 1000 (units of 2^9) and three digits (2048 sub-buckets).
func bucket(v int64) int64 {
	const unit, half = 9, 1024
	exponent := int64(0)
	for v>>(unit+exponent) >= 2*half {
		exponent++
	}
	return exponent*half + v>>(unit+exponent)
}

func TestReadLog(t *testing.T) {
	log, started := sampleLog(t)
	got, err := ReadLog(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Tag() != "runc" || got[1].Tag() != "gvisor/50" {
		t.Fatalf("got %d histograms", len(got))
	}
	if p50, _ := got[0].Quantile(0.5); got[0].Count() != 3 || !near(p50, 750*time.Millisecond) {
		t.Errorf("count %d, median %v", got[0].Count(), p50)
	}
	if n, bound := got[1].Censored(); n != 2 || bound != 120*time.Second {
		t.Errorf("censored %d over %v", n, bound)
	}
	if d := got[0].Start.Sub(started) - time.Second; d > time.Millisecond || d < -time.Millisecond {
		t.Errorf("start %v", got[0].Start)
	}
	var again bytes.Buffer
	if err := WriteLog(&again, started, got...); err != nil {
		t.Fatal(err)
	}
	if again.String() != log {
		t.Errorf("read and written again:\n%s\nwant:\n%s", again.String(), log)
	}
}

// What a tool sees that knows nothing of the comments: no quantile among the censored
// samples is below their bound.
func TestCensoredSamplesAreAtTheTopForOtherTools(t *testing.T) {
	h := mustNew(t, "runc")
	for range 97 {
		recordAll(t, h, time.Second)
	}
	for range 2 {
		h.Censor(100 * time.Second)
	}
	recordAll(t, h, 3*time.Hour)
	var out bytes.Buffer
	if err := WriteLog(&out, time.Now(), h); err != nil {
		t.Fatal(err)
	}
	values, err := hdrhistogram.NewHistogramLogReader(bytes.NewReader(out.Bytes())).NextIntervalHistogram()
	if err != nil {
		t.Fatal(err)
	}
	if p99 := time.Duration(values.ValueAtPercentile(99)); values.TotalCount() != 100 || p99 < 100*time.Second {
		t.Errorf("%d values, p99 %v", values.TotalCount(), p99)
	}
	if p50 := time.Duration(values.ValueAtPercentile(50)); !near(p50, time.Second) {
		t.Errorf("median %v", p50)
	}
}

// Earlier versions left censored samples out of the values.
func TestReadLogOfEarlierVersions(t *testing.T) {
	h := mustNew(t, "runc")
	recordAll(t, h, time.Second)
	var out bytes.Buffer
	if err := WriteLog(&out, time.Now(), h); err != nil {
		t.Fatal(err)
	}
	got, err := ReadLog(strings.NewReader("#[Censored: runc,2,120000000000]\n" + out.String()))
	if err != nil {
		t.Fatal(err)
	}
	if n, bound := got[0].Censored(); n != 2 || bound != 2*time.Minute || got[0].Count() != 3 {
		t.Errorf("%d of %d over %v", n, got[0].Count(), bound)
	}
}

func TestReadLogBroken(t *testing.T) {
	good, _ := sampleLog(t)
	for name, log := range map[string]string{
		"payload":  strings.Replace(good, "HISTF", "HISTX", 1),
		"censored": good + "#[Censored: a,b,c]\n",
		"negative": good + "#[Censored: a,-1,5]\n",
		"huge":     good + "#[Censored: runc,9223372036854775807,5]\n",
		"top":      good + "#[Censored, at the top of the range: runc,1,5]\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadLog(strings.NewReader(log)); err == nil {
				t.Error("read without an error")
			}
		})
	}
	if got, err := ReadLog(strings.NewReader("")); err != nil || len(got) != 0 {
		t.Errorf("an empty log: got %v, %v", got, err)
	}
}

func FuzzReadLog(f *testing.F) {
	f.Add("Tag=a,0.1,1.0,2.7,HISTFAAAAEV42pNpmSzMwMCgyAABTBDKT4GBgdnNYMcCBvsPEBEJISEuATEZMQ4uASkhIR4nrxg9v2lMaxhvMekILGZkKmcCAEf2CsI=\n")
	f.Add("#[Censored: a,3,5]\n")
	f.Fuzz(func(t *testing.T, log string) {
		histograms, err := ReadLog(strings.NewReader(log))
		if err != nil {
			return
		}
		if err := WriteLog(io.Discard, time.Now(), histograms...); err != nil {
			t.Errorf("read but not written: %v", err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add("HISTFAAAAEV42pNpmSzMwMCgyAABTBDKT4GBgdnNYMcCBvsPEBEJISEuATEZMQ4uASkhIR4nrxg9v2lMaxhvMekILGZkKmcCAEf2CsI=", int64(10))
	f.Add("", int64(0))
	f.Fuzz(func(t *testing.T, text string, most int64) {
		h, err := Decode("a", text, most)
		if err == nil && (h.Count() < 0 || h.Count() > most || h.Tag() != "a") {
			t.Errorf("%d values of at most %d, tag %q", h.Count(), most, h.Tag())
		}
	})
}
