package record

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDeploymentsAreReadAsTheyWereWritten(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, Header{RunID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	batch := Batch{Services: 2, Together: 4, Block: 1, InitialScale: 1}
	want := []Deployment{
		{Type: TypeDeployment, RuntimeClass: "runc", Service: "h-1", Namespace: "bench", Batch: batch, Attempts: 1,
			Steps:       []DeployStep{{StepCreateSent, time.Second, ClockClient, 1}, {StepReady, 2 * time.Second, ClockWatch, time.Millisecond}},
			ServerSteps: []DeployStep{{StepReady, 2 * time.Second, ClockAPI, time.Second}}, RouteUnknown: "why"},
		{Type: TypeRemoval, RuntimeClass: "runc", Service: "h-1", Batch: batch, Steps: []DeployStep{{StepGone, time.Minute, ClockWatch, 1}}},
	}
	for _, d := range want {
		if err := w.Deployment(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(time.Minute, EndCompleted, nil); err != nil {
		t.Fatal(err)
	}
	run, err := Read(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, run.Deployments); diff != "" || len(run.Damage) > 0 {
		t.Errorf("%s %v", diff, run.Damage)
	}
	if at, reached := run.Deployments[0].Step(StepReady); !reached || at != 2*time.Second {
		t.Errorf("ready: %v, %v", at, reached)
	}
	if _, reached := run.Deployments[0].Step(StepRoutable); reached {
		t.Error("it is routable, which nobody wrote")
	}
	lines := strings.SplitAfter(out.String(), "\n")
	lost, err := Read(strings.NewReader(lines[0] + lines[1] + lines[3]))
	if err != nil || len(lost.Damage) != 1 || lost.Damage[0] != "it has 1 deployments and removals, and the run wrote 2" {
		t.Errorf("a removal is lost: %v, %v", lost.Damage, err)
	}
}

// What nobody can have written is a broken line, and the run is damaged.
func TestDeploymentsThatContradictThemselves(t *testing.T) {
	const header = `{"type":"run","schema":1,"runId":"r"}` + "\n"
	for _, text := range []string{
		`"services":0,"together":1`,
		`"services":2,"together":1`,
		`"services":1,"together":60000`,
		`"services":1,"together":1,"block":-1`,
		`"services":1,"together":1,"initialScale":-1`,
		`"services":1,"together":1,"steps":[{"name":"createSent","atNs":5},{"name":"ready","atNs":4}]`,
		`"services":1,"together":1,"steps":[{"name":"ready","atNs":-1}]`,
		`"services":1,"together":1,"steps":[{"name":"ready","atNs":4},{"name":"ready","atNs":5}]`,
		`"services":1,"together":1,"steps":[{"name":"gone","atNs":4}]`,
		`"services":1,"together":1,"steps":[{"name":"steady","atNs":4}]`,
		`"services":1,"together":1,"steps":[{"name":"ready","atNs":4,"resolutionNs":-1}]`,
	} {
		run, err := Read(strings.NewReader(header + `{"type":"deployment","runtimeClass":"runc","service":"h",` + text + "}\n" + `{"type":"end","atNs":1,"reason":"completed","samples":0}`))
		if err != nil || len(run.Deployments) != 0 || len(run.Damage) == 0 {
			t.Errorf("%s: %v, %d deployments, damage %v", text, err, len(run.Deployments), run.Damage)
		}
	}
}
