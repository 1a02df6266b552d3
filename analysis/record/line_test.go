package record

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// lines are some that decoders are known to disagree about.
var lines = []string{
	``, ` `, `null`, `[]`, `1`, `""`, `{}`, ` {"block":1} `, "\xef\xbb\xbf{}", `{"block":1}x`, `{"block":1} {}`,
	`{"BLOCK":1}`, `{"block":1,"block":2}`, `{"block":1.0}`, `{"block":1e3}`, `{"block":-0}`, `{"block":+1}`, `{"block":0x1}`,
	`{"block":99999999999999999999}`, `{"responseLatencyNs":9223372036854775808}`, `{"responseLatencyNs":-9223372036854775808}`,
	`{"block":"1"}`, `{"block":null}`, `{"discarded":1}`, `{"service":null}`, "{\"\\u0062lock\":1}",
	"{\"service\":\"a\xffb\"}", `{"service":"a\ud800b"}`, "{\"service\":\"a\x01b\"}", `{"service":"abc`, "{\"x\":1,\"\xff\":2}",
	`{"x":{"y":[1,2,}]}}`, `{"x":tru}`, `{"x":01}`, `{"x":-}`, `{"x":1.}`, `{"x":"\q"}`, `{"x":"\u12"}`, `{"x":NaN}`, `{"x":[}`, `{"x":[[[[`,
	`{"block":1,}`, `{,"block":1}`, `{"block" 1}`, `{"block":1 "services":2}`,
	`{"phases":null}`, `{"phases":{}}`, `{"phases":[{"atNs":1},null]}`, `{"phases":[{"name":"a"}],"phases":[{"atNs":2}]}`,
	`{"instance":{"pod":"x"},"instance":{"uid":"y"}}`,
}

// FuzzDecodeIsAsEncodingJSON: the faster decoder takes what encoding/json takes,
// and makes the same of it.
func FuzzDecodeIsAsEncodingJSON(f *testing.F) {
	for _, text := range lines {
		f.Add([]byte(text))
	}
	var t testing.T
	for text := range bytes.Lines(file(&t, 1)) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want Sample
		wantErr := stdjson.Unmarshal(text, &want)
		got := sample(1) // of an earlier line
		err := decodeTo(&got, text)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, encoding/json says %v", text, err, wantErr)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" && err == nil {
			t.Errorf("%q: %s", text, diff)
		}
	})
}

// Buffers are used again for later lines, what was read of earlier ones is not
// touched.
func TestSamplesOutliveTheirLines(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, header())
	const n = 3000 // many batches
	for i := range n {
		err = errors.Join(err, w.Sample(sample(i)))
	}
	if err != nil {
		t.Fatal(err)
	}
	run, err := Read(&out)
	if err != nil || len(run.Samples) != n {
		t.Fatalf("%v, %d samples", err, len(run.Samples))
	}
	for i, s := range run.Samples {
		if diff := cmp.Diff(sample(i), s); diff != "" {
			t.Fatalf("sample %d: %s", i, diff)
		}
	}
}

// A number of services out of nowhere must not cost all memory of those who count the
// services that were left out.
func TestSamplesOfImpossibleRoundsAreSkipped(t *testing.T) {
	for _, services := range []string{"-1", "50001", "2000000000"} {
		r, err := Read(strings.NewReader(`{"type":"run","schema":1}` + "\n" + `{"type":"sample","services":` + services + `}` + "\n" + `{"type":"sample","services":50000}` + "\n" + `{"type":"end","reason":"completed","samples":1}` + "\n"))
		if err != nil || len(r.Samples) != 1 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "services is "+services) {
			t.Errorf("%s: %v, %+v", services, err, r)
		}
	}
}
