package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// working is a Work under way.
type working struct {
	session *session
	options *Work
	block   int
	// done counts the programs that have ended, of total, and measured those that have
	// figures that count.
	done, total, measured int
}

// turn has one class, or the machine itself, run all programs.
func (w *working) turn(ctx context.Context, t record.Target) (err error) {
	s := w.session
	s.See(WorkBegun{t, w.block, 1 + w.options.Iterations})
	if t.RuntimeClass == record.Native {
		address, stop, err := w.options.Native.Start(ctx)
		if err != nil {
			return fmt.Errorf("run the programs natively: %w", err)
		}
		t.Address, t.Host = address, address
		return errors.Join(w.programs(ctx, t), stop())
	}
	if err := w.programs(ctx, t); err != nil {
		return err
	}
	return s.cluster.AwaitZero(ctx, t)
}

// programs starts the instance, and then runs one program after the other. One that fails
// keeps no other from running.
func (w *working) programs(ctx context.Context, t record.Target) error {
	started, _, err := w.ask(ctx, t, "/")
	if err != nil {
		return err
	}
	if answered(&started) {
		w.session.guard.release(t.Key())
	}
	for _, program := range w.options.Programs {
		one := record.Work{RuntimeClass: t.RuntimeClass, Service: t.Service, Program: program, Block: w.block, Discarded: w.block == 0}
		if started.Failed() {
			one.Begun, one.Ended, one.Outcome = started.Sent, started.Done, started.Outcome
			one.Error = "the instance did not start: " + started.Error
		} else if err := w.run(ctx, t, &one); err != nil {
			return err
		}
		if err := w.keep(one); err != nil {
			return err
		}
	}
	return nil
}

// keep writes down what became of a program.
func (w *working) keep(one record.Work) error {
	if err := w.session.writer.Work(one); err != nil {
		return fmt.Errorf("record program %s of %s: %w", one.Program, one.RuntimeClass, err)
	}
	w.done++
	if one.Outcome == record.OK && !one.Discarded {
		w.measured++
	}
	w.session.See(WorkDone{w.done, w.total, one})
	return nil
}

// run runs a program.
func (w *working) run(ctx context.Context, t record.Target, one *record.Work) error {
	path := fmt.Sprintf("/%s?requests=%d&seconds=%d", one.Program, w.options.RedisRequests, w.options.ProgramTime/time.Second)
	sample, body, err := w.ask(ctx, t, path)
	if err != nil {
		return err
	}
	one.Begun, one.Ended, one.Outcome, one.Error = sample.Sent, sample.Done, sample.Outcome, sample.Error
	if sample.Instance != nil {
		one.Instance = sample.Instance.Pod
	}
	switch {
	case sample.Outcome == record.HTTP:
		// The sample has only the beginning of what the program printed.
		if text := strings.TrimSpace(string(body)); !strings.HasSuffix(one.Error, text) {
			one.Error += "\n" + text
		}
	case sample.Outcome == record.OK:
		if one.Figures, err = figuresIn(body, one); err != nil {
			one.Outcome, one.Error = record.Body, err.Error()
		}
	}
	return nil
}

// figuresIn are those in the answer of cmd/workfn.
func figuresIn(body []byte, of *record.Work) ([]record.Figure, error) {
	var answer struct {
		Program string          `json:"program"`
		Figures []record.Figure `json:"figures"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Program != of.Program {
		return nil, fmt.Errorf("answered by a function that is not cmd/workfn of kn-coldstart: %.200q", body)
	}
	checked := *of
	checked.Figures = answer.Figures
	return answer.Figures, checked.Check()
}

// ask sends one request and returns what became of it, with the body of the answer. Its
// error says that the run has ended first.
func (w *working) ask(ctx context.Context, t record.Target, path string) (record.Sample, []byte, error) {
	var body []byte
	c := w.session.client()
	c.Message.Path = path
	c.Seen = func(a loadgen.Answer) { body = a.Body }
	sample, err := c.Send(ctx, t, w.session.clock.Now())
	return sample, body, err
}
