package record

import (
	"bytes"
	"errors"
	"fmt"

	// It reads what encoding/json reads, which a test checks, in a fifth of the time.
	"github.com/segmentio/encoding/json"
)

// line is one line of a run file, decoded. What it holds is in the field for its type.
type line struct {
	number     int
	blank      bool
	kind       Type
	err        error
	header     Header
	sample     Sample
	event      Event
	resource   Resource
	span       TraceSpan
	interval   Interval
	deployment Deployment
	work       Work
	end        End
}

// errSecondHeader means that two files were put together: their times have no common
// beginning.
var errSecondHeader = errors.New("a second run header")

// mostServices is how many services a round can have. Readers count those that were left
// out of a round one by one, so that a number out of nowhere would cost all memory.
const mostServices = 50_000

// samplePrefix is how a Writer begins a sample. Most lines are samples; to know them
// by their beginning saves decoding them twice.
var samplePrefix = []byte(`{"type":"sample",`)

// decode reads the text of a line.
func (l *line) decode(text []byte) {
	l.kind, l.err, l.blank = "", nil, len(bytes.TrimSpace(text)) == 0
	if l.blank {
		return
	}
	if tooDeep(text) {
		l.err = errTooDeep
		return
	}
	if l.number > 1 && bytes.HasPrefix(text, samplePrefix) {
		l.kind = TypeSample
		l.err = l.decodeKind(text)
		return
	}
	var head struct {
		Type   Type `json:"type"`
		Schema int  `json:"schema"`
	}
	if l.err = json.Unmarshal(text, &head); l.number == 1 && (l.err != nil || head.Type != TypeRun) {
		l.err = ErrNotRunFile
	}
	if head.Schema > SchemaVersion {
		l.err = &NewerSchemaError{File: head.Schema, Known: SchemaVersion}
	}
	if l.err == nil && head.Type == TypeRun && head.Schema < 1 {
		l.err = errNoSchema
	}
	l.kind = head.Type
	if l.err == nil {
		l.err = l.decodeKind(text)
	}
}

// decodeKind decodes the line as what its kind says. The text may name its type twice,
// so the kind that was found first is kept.
func (l *line) decodeKind(text []byte) (err error) {
	switch l.kind {
	case TypeRun:
		if l.number != 1 {
			return errSecondHeader
		}
		err = decodeTo(&l.header, text)
		l.header.Type = l.kind
		l.header.upgrade()
	case TypeRequest, TypeSample:
		err = decodeTo(&l.sample, text)
		l.sample.Type = l.kind
		l.sample.upgrade()
		if n := l.sample.Services; err == nil && (n < 0 || n > mostServices) {
			return fmt.Errorf("services is %d: want a number from 0 to %d", n, mostServices)
		}
	case TypeEvent:
		err = decodeTo(&l.event, text)
		l.event.Type = l.kind
		l.event.upgrade()
	case TypeResource:
		err = decodeTo(&l.resource, text)
		l.resource.Type = l.kind
	case TypeSpan:
		err = decodeTo(&l.span, text)
		l.span.Type = l.kind
	case TypeInterval:
		err = decodeTo(&l.interval, text)
		l.interval.Type = l.kind
		if err == nil {
			err = l.interval.check()
		}
	case TypeDeployment, TypeRemoval:
		err = decodeTo(&l.deployment, text)
		l.deployment.Type = l.kind
		if err == nil {
			err = l.deployment.check()
		}
	case TypeWork:
		err = decodeTo(&l.work, text)
		l.work.Type = l.kind
		if err == nil {
			err = l.work.Check()
		}
	case TypeEnd:
		err = decodeTo(&l.end, text)
		l.end.Type = l.kind
	}
	return err
}

// decodeTo replaces what v held of an earlier line.
func decodeTo[T any](v *T, text []byte) error {
	var none T
	*v = none
	return json.Unmarshal(text, v)
}

// visit gives the line to the visitor. A request waits for its sample.
func (l *line) visit(run *Run, open unproven, v Visitor) {
	switch l.kind {
	case TypeRun:
		run.Header = l.header
		call(v.Header, &run.Header)
	case TypeRequest:
		open.add(&l.sample)
	case TypeSample:
		open.proven(&l.sample)
		l.sample.WithPull = run.Header.Settings.WithPull
		call(v.Sample, &l.sample)
	case TypeEvent:
		run.completeHeader(&l.event)
		call(v.Event, &l.event)
	case TypeResource:
		call(v.Resource, &l.resource)
	case TypeSpan:
		call(v.Span, &l.span)
	case TypeInterval:
		call(v.Interval, &l.interval)
	case TypeDeployment, TypeRemoval:
		call(v.Deployment, &l.deployment)
	case TypeWork:
		call(v.Work, &l.work)
	case TypeEnd:
		end := l.end
		run.End = &end
	default:
		run.warn("line %d has the unknown type %q and was skipped", l.number, l.kind)
	}
}

func call[T any](f func(*T), v *T) {
	if f != nil {
		f(v)
	}
}

// completeHeader adds to the header what was known only later.
func (run *Run) completeHeader(e *Event) {
	switch e.Kind {
	case EventIngressFound:
		run.Header.Cluster.Ingress = e.Message
	case EventImageDigest:
		for i, class := range run.Header.Classes {
			if e.Key() == class.Key() {
				run.Header.Classes[i].ImageDigest = e.Message
			}
		}
	}
}

// damaged is warn for what makes the run unfit to be judged.
func (run *Run) damaged(format string, args ...any) {
	run.warn(format, args...)
	run.Damage = append(run.Damage, run.Warnings[len(run.Warnings)-1])
}

func (run *Run) warn(format string, args ...any) {
	run.Warnings = append(run.Warnings, fmt.Sprintf(format, args...))
}
