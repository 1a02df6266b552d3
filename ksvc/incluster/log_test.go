package incluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// began is when the log of the tests begins; a line is written each 400 ms.
var began = time.Date(2026, 11, 21, 10, 45, 1, 0, time.UTC)

func writtenAt(n int) time.Time { return began.Add(time.Duration(n) * 400 * time.Millisecond) }

// lines are those from the first to the last number, as the kubelet sends them.
func lines(first, last int) string {
	var text strings.Builder
	for n := first; n <= last; n++ {
		fmt.Fprintf(&text, "%s line %d\n", writtenAt(n).Format(time.RFC3339Nano), n)
	}
	return text.String()
}

var errBroken = errors.New("connection reset by peer")

// stream is a text, and then an error.
func stream(text string, err error) io.ReadCloser {
	return io.NopCloser(io.MultiReader(strings.NewReader(text), errorReader{err}))
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// texts are what lines of a number say.
func texts(numbers ...int) []string {
	var all []string
	for _, n := range numbers {
		all = append(all, fmt.Sprintf("line %d", n))
	}
	return all
}

// Each line comes once, wherever a stream breaks off and from wherever the next one repeats.
func TestLogAfterBrokenStreams(t *testing.T) {
	cut := len(lines(1, 1)) - 3
	for name, c := range map[string]struct {
		first, second string
		want          []string
	}{
		"between lines":                         {lines(1, 4), lines(3, 6), texts(1, 2, 3, 4, 5, 6)},
		"within a line":                         {lines(1, 4) + lines(5, 5)[:cut], lines(3, 6), texts(1, 2, 3, 4, 5, 6)},
		"within the first line":                 {lines(1, 1)[:cut], lines(1, 3), texts(1, 2, 3)},
		"the second repeats nothing":            {lines(1, 4), lines(5, 6), texts(1, 2, 3, 4, 5, 6)},
		"the second begins within a long line":  {lines(1, 4), writtenAt(4).Format(time.RFC3339Nano) + " rest of it\n" + lines(4, 6), texts(1, 2, 3, 4, 5, 6)},
		"what was there is gone":                {lines(1, 4), lines(7, 8), texts(1, 2, 3, 4, 7, 8)},
		"several lines have one time":           {lines(1, 1) + strings.ReplaceAll(lines(1, 1), "1\n", "1b\n"), lines(1, 1) + strings.ReplaceAll(lines(1, 1), "1\n", "1b\n") + strings.ReplaceAll(lines(1, 1), "1\n", "1c\n"), []string{"line 1", "line 1b", "line 1c"}},
		"an empty line and one that is strange": {lines(1, 1) + writtenAt(2).Format(time.RFC3339Nano) + " \n", lines(1, 1) + writtenAt(2).Format(time.RFC3339Nano) + " \n" + lines(3, 3), []string{"line 1", "", "line 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			var since []time.Time
			streams := []io.ReadCloser{stream(c.first, errBroken), stream(c.second, io.EOF)}
			l := log{open: func(_ context.Context, from time.Time) (io.ReadCloser, error) {
				since = append(since, from)
				return streams[len(since)-1], nil
			}}
			take := func(text []byte) error {
				got = append(got, string(text))
				return nil
			}
			if err := l.read(t.Context(), take); !errors.Is(err, errBroken) {
				t.Fatalf("read of a stream that breaks = %v", err)
			}
			if err := l.read(t.Context(), take); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if !since[0].IsZero() || since[1].After(writtenAt(4)) || since[1].Nanosecond() != 0 {
				t.Errorf("asked for the log since %v: an API server takes whole seconds", since)
			}
		})
	}
}

// A text of the kubelet itself is no line, and what it stands for is asked for again.
func TestLogWithAMessageOfTheKubelet(t *testing.T) {
	l := log{open: func(context.Context, time.Time) (io.ReadCloser, error) {
		return stream(lines(1, 1)+"unable to retrieve container logs for containerd://1\n", io.EOF), nil
	}}
	if err := l.read(t.Context(), func([]byte) error { return nil }); !errors.Is(err, errNoLine) || !strings.HasPrefix(err.Error(), "unable to") {
		t.Errorf("read = %v", err)
	}
	if err := l.read(t.Context(), func([]byte) error { return errors.New("a line came again") }); !errors.Is(err, errNoLine) {
		t.Errorf("read = %v", err)
	}
}

// A line that was not taken comes again.
func TestLogThatNobodyTakes(t *testing.T) {
	l := log{open: func(context.Context, time.Time) (io.ReadCloser, error) { return stream(lines(1, 2), io.EOF), nil }}
	full := errors.New("no space left on device")
	var taking *emitError
	if err := l.read(t.Context(), func([]byte) error { return full }); !errors.As(err, &taking) || !errors.Is(err, full) {
		t.Errorf("read = %v", err)
	}
	var got []string
	if err := l.read(t.Context(), func(text []byte) error { got = append(got, string(text)); return nil }); err != nil || !cmp.Equal(got, texts(1, 2)) {
		t.Errorf("read = %v, lines %q", err, got)
	}
}
