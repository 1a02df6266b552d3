package record

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// NoProof is the ColdReason of a sample of which the file has the request only.
const NoProof = "its proof is not in the run file: the run was killed before it came, or its line was lost"

// request is what is known of a sample as soon as its request has ended: when, and how.
// What takes long to find out, and what only explains it, is left to the sample's own line.
func (s Sample) request() Sample {
	s.Type, s.Cold, s.ColdReason, s.Proof = TypeRequest, Unknown, NotExamined, ""
	s.Trouble, s.Instance, s.Function, s.ClockOffset = nil, nil, nil, nil
	s.Pulled, s.PulledBytes, s.Phases, s.Spans = false, 0, nil, nil
	return s
}

// requestKey tells requests apart: no two to one service are sent in the same nanosecond.
type requestKey struct {
	namespace, service string
	sent               time.Duration
}

func (s *Sample) requestKey() requestKey { return requestKey{s.Namespace, s.Service, s.Sent} }

// unproven are the requests whose samples have not come yet. While a run is read there are
// only as many as were being proven at a time.
type unproven map[requestKey]Sample

func (u unproven) add(s *Sample) { u[s.requestKey()] = *s }

// proven forgets the request of a sample, which says all that the request does.
func (u unproven) proven(s *Sample) { delete(u, s.requestKey()) }

// forget forgets those whose samples came before them, in a file whose lines were sorted.
func (u unproven) forget(seen *audit) {
	if len(u) == 0 {
		return
	}
	marks := seen.sorted()
	maps.DeleteFunc(u, func(_ requestKey, s Sample) bool {
		_, there := slices.BinarySearch(marks, mark(&s))
		return there
	})
}

// visit gives the visitor the requests that are left at the end of a file, as samples, in
// the order in which they were sent.
func (u unproven) visit(run *Run, v Visitor) {
	for _, s := range slices.SortedFunc(maps.Values(u), bySent) {
		s = s.request() // whatever else the line may say, nothing was proven
		s.Type, s.ColdReason, s.WithPull = TypeSample, NoProof, run.Header.Settings.WithPull
		s.upgrade()
		call(v.Sample, &s)
	}
}

// warn says in the run how many there are.
func (u unproven) warn(run *Run) {
	if n := len(u); n > 0 {
		run.damaged("the proofs of %d requests are missing: they are read as samples whose coldness is unknown", n)
	}
}

func bySent(a, b Sample) int {
	return cmp.Or(cmp.Compare(a.Sent, b.Sent), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Service, b.Service))
}
