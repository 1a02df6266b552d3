package record

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTroubleInTheErrorOfASample(t *testing.T) {
	for text, want := range map[string]string{
		"not answered within 2m0s: pod x: Unschedulable: full":   "pod x: Unschedulable: full",
		"not answered within 2m0s":                               "",
		"pod x: Unschedulable: full":                             "pod x: Unschedulable: full",
		"status 503: no pod can be created: exceeded quota: a=1": "no pod can be created: exceeded quota: a=1",
		"status 504: Insufficient cpu says the body":             "",
	} {
		if got := troubleIn(text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// older is a file as the first version wrote it: what is a field now stood in the
// messages.
const older = `{"type":"run","schema":1,"runId":"r","tool":{"version":"v0"},"command":"scale","settings":{"services":[2],"stableWindowNs":6000000000},"runtimeClasses":[{"name":"runc","image":"i"}],"seed":1,"started":"2026-01-02T03:04:05Z","cluster":{}}
{"type":"event","atNs":1,"kind":"nodeCondition","message":"node n-1: MemoryPressure is True: low","value":1}
{"type":"event","atNs":2,"kind":"instanceTrouble","message":"Unschedulable: 1 Insufficient cpu","runtimeClass":"runc","service":"s"}
{"type":"sample","runtimeClass":"runc","services":2,"block":1,"service":"s","namespace":"n","intendedNs":0,"sentNs":0,"doneNs":9,"responseLatencyNs":9,"clientTimeoutNs":9,"outcome":"timeout","error":"not answered within 9ns: pod s-1: OOMKilled","cold":"proven","coldReason":"x"}
{"type":"sample","runtimeClass":"runc","services":2,"block":1,"service":"t","namespace":"n","intendedNs":0,"sentNs":0,"doneNs":9,"responseLatencyNs":9,"clientTimeoutNs":9,"outcome":"ok","cold":"proven","coldReason":"x","instance":{"pod":"t-1","uid":"u"}}
{"type":"sample","runtimeClass":"runc","services":2,"block":1,"service":"t","namespace":"n","intendedNs":0,"sentNs":0,"doneNs":9,"responseLatencyNs":9,"clientTimeoutNs":9,"outcome":"ok","cold":"proven","coldReason":"x","instance":{"pod":"t-1","uid":"u","proof":"answer"}}
{"type":"sample","runtimeClass":"runc","services":2,"block":1,"service":"t","namespace":"n","intendedNs":0,"sentNs":0,"doneNs":9,"responseLatencyNs":9,"clientTimeoutNs":9,"outcome":"timeout","cold":"unknown","coldReason":"x"}
{"type":"end","atNs":10,"reason":"completed","samples":4}
`

func TestAnOlderFileIsReadIntoFields(t *testing.T) {
	run, err := Read(strings.NewReader(older))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Shape{Rounds: true}, run.Header.Shape); diff != "" {
		t.Errorf("shape:\n%s", diff)
	}
	if e := run.Events[0]; e.Node != "n-1" || e.Condition != "MemoryPressure" {
		t.Errorf("node %q, condition %q", e.Node, e.Condition)
	}
	if diff := cmp.Diff([]Cause{CauseInsufficientCPU}, run.Events[1].Causes); diff != "" {
		t.Errorf("causes of the event:\n%s", diff)
	}
	want := &Trouble{Causes: []Cause{CauseOutOfMemory}, Message: "pod s-1: OOMKilled"}
	if diff := cmp.Diff(want, run.Samples[0].Trouble); diff != "" {
		t.Errorf("trouble of the sample:\n%s", diff)
	}
	for i, want := range []Proof{ProofExclusion, ProofAnswer, ProofAnswer, ""} {
		if got := run.Samples[i].Proof; got != want {
			t.Errorf("sample %d: proof %q, want %q", i, got, want)
		}
	}
}

func TestTheShapeOfOlderCommands(t *testing.T) {
	for command, want := range map[string]Shape{
		"single": {}, "scale": {Rounds: true}, "ab": {Sides: true, Sequential: true}, "unheard": {},
	} {
		h := Header{Command: command}
		if h.upgrade(); h.Shape != want {
			t.Errorf("%s: %+v, want %+v", command, h.Shape, want)
		}
	}
	h := Header{Command: "scale", Shape: Shape{Sequential: true}}
	if h.upgrade(); h.Shape != (Shape{Sequential: true}) {
		t.Errorf("a shape that is there became %+v", h.Shape)
	}
}
