package load

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		text   string
		ramp   time.Duration
		want   string // the text itself if it is empty
		length time.Duration
		fails  string
	}{
		{text: "50/s"},
		{text: "30/m", want: "0.5/s"},
		{text: "10/m"},
		{text: "10/s..500/s"},
		{text: "10/s..500/s", ramp: time.Minute, want: "10/s..500/s:1m0s", length: time.Minute},
		{text: "0/s..500/s:1m0s", length: time.Minute},
		{text: "10/s:30s,300/s:1m0s,10/s"},
		{text: "10/s:30s,10/s..300/s,300/s:10s", ramp: 20 * time.Second, want: "10/s:30s,10/s..300/s:20s,300/s:10s", length: time.Minute},
		{text: "sine:10/s..200/s:2m0s"},
		{text: "poisson:50/s"},
		{text: "", fails: `"" is no rate: write 50/s or 30/m`},
		{text: "50", fails: `"50" is no rate: write 50/s or 30/m`},
		{text: "50/h", fails: `"50/h" is no rate`},
		{text: "fast/s", fails: `"fast" is not a number`},
		{text: "-1/s", fails: "a rate of -1/s makes no sense"},
		{text: "NaN/s", fails: "makes no sense"},
		{text: "1e9/s", fails: "makes no sense"},
		{text: "0/s", fails: "no request is ever due"},
		{text: "0/s:10s,0/s", fails: "no request is ever due"},
		{text: "10/s,20/s", fails: `"10/s" needs a length, such as 10/s:30s`},
		{text: "10/s:30", fails: `"30" is no length: write 30s or 2m`},
		{text: "10/s:-30s", fails: `"-30s" is no length`},
		{text: "10/s,", fails: "needs a length"},
		{text: "50/s", ramp: time.Minute, fails: "a ramp is for a part that goes from one rate to another"},
		{text: "1/s..5/s", ramp: -time.Minute, fails: "must not be negative"},
		{text: "1/s..5/s..9/s", fails: `is no rate`},
		{text: "sine:10/s..200/s", fails: "a period, such as sine:10/s..200/s:2m"},
		{text: "sine:200/s..10/s:2m", fails: "want a lower rate"},
		{text: "poisson:10/s..20/s", fails: "want one rate, such as poisson:50/s"},
		{text: "burst:10/s", fails: `"burst" is no rate`},
		{text: "replay:", fails: "want a file"},
		{text: "replay:/no/such/file", fails: "no such file"},
	} {
		t.Run(test.text, func(t *testing.T) {
			got, err := Parse(test.text, test.ramp)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got error %v, want one with %q", err, test.fails)
				}
				return
			}
			if test.want == "" {
				test.want = test.text
			}
			if err != nil || got.String() != test.want || got.Length() != test.length {
				t.Fatalf("got %s of %v, %v; want %s of %v", got, got.Length(), err, test.want, test.length)
			}
			again, err := Parse(got.String(), 0)
			if diff := cmp.Diff(got, again, cmp.AllowUnexported(Schedule{}, part{})); err != nil || diff != "" {
				t.Errorf("read again: %v %s", err, diff)
			}
		})
	}
}

// bySecond counts the requests that are due in each second of a load.
func bySecond(t *testing.T, s Schedule, length time.Duration) []int {
	t.Helper()
	counts, before := make([]int, (length+time.Second-1)/time.Second), time.Duration(0)
	for at := range dues(s.Pacer(length, 1), length, loadgen.Share{}) {
		if at < before {
			t.Fatalf("%v comes after %v", at, before)
		}
		counts[at/time.Second]++
		before = at
	}
	return counts
}

func parsed(t *testing.T, text string) Schedule {
	t.Helper()
	s, err := Parse(text, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPacer(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "trace.csv")
	if err := os.WriteFile(trace, []byte("seconds,requests\n# a comment\n0,4\n2,0\n\n4,7\n5,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int{
		"5/s":                    {5, 5, 5, 5},
		"30/m":                   {0, 1, 0, 1},
		"2/s:1s,0/s:2s,3/s":      {2, 0, 0, 3, 3},
		"0/s..10/s:5s":           {1, 3, 5, 7, 9, 10, 10}, // and stays
		"10/s..0/s:5s":           {9, 7, 5, 3, 1, 0, 0},
		"10/s..0/s":              {9, 7, 5, 3, 1},
		"1/s:1s,1/s..5/s:2s,8/s": {1, 2, 4, 8},
		"replay:" + trace:        {2, 2, 0, 0, 7, 1, 0}, // and ends
	} {
		t.Run(text, func(t *testing.T) {
			if diff := cmp.Diff(want, bySecond(t, parsed(t, text), time.Duration(len(want))*time.Second)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := parsed(t, "replay:"+trace); got.Length() != 6*time.Second || got.String() != "replay:"+trace {
		t.Errorf("%s lasts %v", got, got.Length())
	}
}

// The rates of a sine are those of the formula, and of a Poisson process in the mean.
func TestPacerOfCurves(t *testing.T) {
	counts := bySecond(t, parsed(t, "sine:10/s..200/s:60s"), 2*time.Minute)
	for i, n := range counts {
		radians := func(second int) float64 { return float64(second) * 2 * math.Pi / 60 }
		want := 105 - 95*30/math.Pi*(math.Sin(radians(i+1))-math.Sin(radians(i)))
		if math.Abs(float64(n)-want) > 2 {
			t.Errorf("second %d: %d requests, want %.1f", i, n, want)
		}
	}
	sum := 0
	for _, n := range bySecond(t, parsed(t, "poisson:100/s"), 100*time.Second) {
		sum += n
	}
	if math.Abs(float64(sum)-10_000) > 400 { // four standard deviations
		t.Errorf("%d requests of a Poisson process, want about 10000", sum)
	}
}

func TestReplayRefuses(t *testing.T) {
	for text, fails := range map[string]string{
		"":                 "it has no line",
		"5,1":              "line 1: the first line is that of second 0",
		"0,1\n0,2":         "line 2: second 0 does not come after",
		"0,1\n1":           `line 2: "1": want seconds,requests`,
		"0,1\n1,-2":        `line 2: "1,-2": want seconds,requests`,
		"0,1.5":            `"0,1.5": want seconds,requests`,
		"NaN,1":            `want seconds,requests`,
		"0,0\n1,0":         "no request is ever due",
		"0,9000000\n1,1\n": "line 1: a rate of 9000000 requests within 1s makes no sense",
	} {
		file := filepath.Join(t.TempDir(), "trace.csv")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("replay:"+file, 0); err == nil || !strings.Contains(err.Error(), fails) {
			t.Errorf("%q: got error %v, want one with %q", text, err, fails)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"50/s", "10/s..500/s:60s", "10/s:30s,300/s", "sine:10/s..200/s:2m", "poisson:5/m"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, replay) {
			return // it would read any file
		}
		s, err := Parse(text, 0)
		if err != nil {
			return
		}
		if _, err := Parse(s.String(), 0); err != nil {
			t.Errorf("%q is written as %q: %v", text, s, err)
		}
		n := 0
		for range dues(s.Pacer(time.Second, 1), time.Second, loadgen.Share{}) {
			if n++; n > MostRate+1 {
				t.Fatalf("%q: more requests than its rate has", text)
			}
		}
	})
}
