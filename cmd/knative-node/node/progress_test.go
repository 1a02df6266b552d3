package node

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestReporterStep(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	report := &reporter{out: w, start: time.Now()}
	cause := errors.New("no")
	err = report.step("boot", func() error { return cause })
	if !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), "boot: ") {
		t.Errorf("the error does not name the step and its cause: %v", err)
	}
}
