package record

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unprovenFile is a run that was killed: of five requests, the proofs of three came, and
// not in the order in which the requests were sent.
func unprovenFile(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, header())
	for _, i := range []int{3, 0, 1, 2} {
		err = errors.Join(err, w.Request(sample(i)))
	}
	for _, i := range []int{2, 0} {
		err = errors.Join(err, w.Sample(sample(i)))
	}
	if err := errors.Join(err, w.Request(sample(4)), w.Sample(sample(4))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestARequestWhoseProofNeverCameIsASample(t *testing.T) {
	run, err := Read(bytes.NewReader(unprovenFile(t)))
	if err != nil {
		t.Fatal(err)
	}
	unproven := func(i int) Sample {
		s := sample(i)
		s.Cold, s.ColdReason, s.Proof, s.Phases = Unknown, NoProof, "", nil
		return s
	}
	want := []Sample{sample(2), sample(0), sample(4), unproven(1), unproven(3)}
	if diff := cmp.Diff(want, run.Samples); diff != "" {
		t.Error(diff)
	}
	if all := strings.Join(run.Warnings, "\n"); !strings.Contains(all, "the proofs of 2 requests are missing") {
		t.Errorf("warnings %q do not tell of the missing proofs", all)
	}
}

// The run file grows by much less than the samples take.
func TestTheLineOfARequestIsShort(t *testing.T) {
	run, err := ReadFile("../testdata/single.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	size := func(write func(*Writer, Sample) error) int {
		var out bytes.Buffer
		w, err := NewWriter(&out, Header{})
		out.Reset()
		for _, s := range run.Samples {
			err = errors.Join(err, write(w, s))
		}
		if err != nil {
			t.Fatal(err)
		}
		return out.Len()
	}
	requests, samples := size((*Writer).Request), size((*Writer).Sample)
	if requests == 0 || requests > samples/3 {
		t.Errorf("requests take %d bytes and samples %d: want a third at most", requests, samples)
	}
}
