package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/handler"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
)

func TestAddHandlers(t *testing.T) {
	run := runtest.New("r", "runc", "gvisor", "kata").Add("runc", 1, time.Second).Run()
	run.Header.Classes[1].Handler = "runsc"
	run.Header.Cluster.Handlers = []string{"gvisor=runsc runsc 2025.1 program=sha256:ab", "runc=runc"}
	s := Summarise(run)
	s.Warnings = nil
	costs := []handler.Cost{{Name: "crun"}, {Name: "runsc", Version: "2024.9"}, {Name: "runc", Version: "1.3", InTurn: handler.Starts{Count: 1, Error: "it hangs"}}}
	if err := s.AddHandlers(costs); err != nil {
		t.Fatal(err)
	}
	if len(s.Handlers) != 2 || s.Handlers[0].RuntimeClass != "runc" || s.Handlers[1].RuntimeClass != "gvisor" || s.Handlers[1].Name != "runsc" {
		t.Errorf("%+v", s.Handlers)
	}
	for i, want := range []string{
		"runc: its handler failed when it was measured: it hangs",
		"gvisor: its handler was measured in version 2024.9, and the run had runsc 2025.1 program=sha256:ab",
		"kata: the file of handlers does not have it",
	} {
		if i >= len(s.Warnings) || s.Warnings[i].Message != want {
			t.Errorf("got %+v, want %q", s.Warnings, want)
		}
	}
	same := Summarise(run)
	same.Warnings = nil
	if err := same.AddHandlers([]handler.Cost{{Name: "runsc", Version: "2025.1"}}); err != nil || len(same.Warnings) != 2 {
		t.Errorf("%v: %+v", err, same.Warnings)
	}
	if err := Summarise(run).AddHandlers(costs[:1]); err == nil || !strings.Contains(err.Error(), "the costs are of the handlers crun, and the runs have the classes runc, gvisor, kata") {
		t.Errorf("got %v", err)
	}
}
