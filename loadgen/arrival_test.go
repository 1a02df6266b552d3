package loadgen

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseArrival(t *testing.T) {
	for _, test := range []struct {
		text  string
		want  Arrival
		fails string
	}{
		{text: "burst", want: Arrival{Pattern: Burst}},
		{text: "uniform:5", want: Arrival{Pattern: Uniform, Rate: 5}},
		{text: "poisson:0.25", want: Arrival{Pattern: Poisson, Rate: 0.25}},
		{text: "", fails: "want burst, uniform:RATE or poisson:RATE"},
		{text: "Burst", fails: "want burst"},
		{text: "burst:3", fails: "a burst has no rate"},
		{text: "uniform", fails: "uniform:5 for five requests per second"},
		{text: "uniform:", fails: `the rate "" is not a number`},
		{text: "poisson:five", fails: `the rate "five" is not a number`},
		{text: "poisson:0", fails: "positive rate"},
		{text: "poisson:-1", fails: "positive rate"},
		{text: "uniform:NaN", fails: "positive rate"},
		{text: "uniform:Inf", fails: "makes no sense"},
		{text: "uniform:1e30", fails: "makes no sense"},
		{text: "poisson:1e-9", fails: "makes no sense"},
	} {
		t.Run(test.text, func(t *testing.T) {
			got, err := ParseArrival(test.text)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got error %v, want one with %q", err, test.fails)
				}
				return
			}
			if err != nil || got != test.want || got.String() != test.text {
				t.Errorf("got %+v (%s), %v", got, got, err)
			}
		})
	}
}

func TestArrivalAsJSON(t *testing.T) {
	want := map[string]Arrival{"arrival": {Pattern: Poisson, Rate: 2.5}}
	b, err := json.Marshal(want)
	if err != nil || string(b) != `{"arrival":"poisson:2.5"}` {
		t.Errorf("got %s, %v", b, err)
	}
	var got map[string]Arrival
	if err := json.Unmarshal(b, &got); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestDues(t *testing.T) {
	const ms = time.Millisecond
	if diff := cmp.Diff([]time.Duration{0, 0, 0}, Arrival{Pattern: Burst}.dues(3, 1, 1)); diff != "" {
		t.Errorf("burst: %s", diff)
	}
	if diff := cmp.Diff([]time.Duration{0, 250 * ms, 500 * ms}, Arrival{Uniform, 4}.dues(3, 1, 1)); diff != "" {
		t.Errorf("uniform: %s", diff)
	}
	p := Arrival{Poisson, 4}
	if diff := cmp.Diff(p.dues(50, 1, 2), p.dues(50, 1, 2)); diff != "" {
		t.Errorf("one seed and stream, two schedules: %s", diff)
	}
	if cmp.Equal(p.dues(50, 1, 2), p.dues(50, 1, 3)) || cmp.Equal(p.dues(50, 1, 2), p.dues(50, 2, 2)) {
		t.Error("another seed or stream, the same schedule")
	}
}

// The distances of a Poisson process have the mean and the standard deviation of
// the exponential distribution, which are the same.
func TestPoissonDistances(t *testing.T) {
	const n, rate = 20000, 8.0
	sum, squares, before := 0.0, 0.0, time.Duration(0)
	for _, at := range (Arrival{Poisson, rate}).dues(n, 1, 1) {
		d := (at - before).Seconds()
		if d < 0 {
			t.Fatalf("%v comes after %v", at, before)
		}
		sum, squares, before = sum+d, squares+d*d, at
	}
	mean := sum / n
	deviation := math.Sqrt(squares/n - mean*mean)
	if math.Abs(mean*rate-1) > 0.03 || math.Abs(deviation*rate-1) > 0.03 {
		t.Errorf("mean %v, standard deviation %v, want both near %v", mean, deviation, 1/rate)
	}
}
