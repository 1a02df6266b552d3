package otlp

import (
	"cmp"
	"encoding/hex"
	"errors"
	"time"

	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

var errTooManySpans = errors.New("too many spans in one batch")

// batch is what is read of one batch. The field numbers below are those of
// https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
type batch struct {
	known func(traceID string) bool
	seen  int // spans, of unknown traces too
	spans []record.TraceSpan
}

// decode reads the spans of known traces from a message ExportTraceServiceRequest.
func decode(message []byte, known func(traceID string) bool) ([]record.TraceSpan, error) {
	b := batch{known: known}
	err := fields(message, func(f field) error {
		if f.number == 1 { // resource_spans
			return b.resource(f.bytes)
		}
		return nil
	})
	return b.spans, err
}

// resource reads ResourceSpans: who reports, and then what.
func (b *batch) resource(message []byte) error {
	from, err := sourceOf(message)
	if err != nil {
		return err
	}
	return fields(message, func(f field) error {
		if f.number == 2 { // scope_spans
			return b.scope(from, f.bytes)
		}
		return nil
	})
}

func (b *batch) scope(from source, message []byte) error {
	return fields(message, func(f field) error {
		if f.number == 2 { // spans
			return b.add(from, f.bytes)
		}
		return nil
	})
}

// add keeps a span of a known trace.
func (b *batch) add(from source, message []byte) error {
	if b.seen++; b.seen > maxSpans {
		return errTooManySpans
	}
	w, err := readSpan(message)
	if err != nil || !w.valid() {
		return err
	}
	if id := hex.EncodeToString(w.traceID); b.known(id) {
		b.spans = append(b.spans, record.TraceSpan{TraceID: id, Span: w.span(from)})
	}
	return nil
}

// wireSpan is a span as it was sent: its parts are not copied yet.
type wireSpan struct {
	traceID, id, parent, name, message []byte
	start, end, code                   uint64
}

func readSpan(message []byte) (w wireSpan, err error) {
	err = fields(message, func(f field) error {
		switch f.number {
		case 1:
			w.traceID = f.bytes
		case 2:
			w.id = f.bytes
		case 4:
			w.parent = f.bytes
		case 5:
			w.name = f.bytes
		case 7:
			w.start = f.bits
		case 8:
			w.end = f.bits
		case 15:
			return w.readStatus(f.bytes)
		}
		return nil
	})
	return w, err
}

func (w *wireSpan) readStatus(message []byte) error {
	return fields(message, func(f field) error {
		switch f.number {
		case 2:
			w.message = f.bytes
		case 3:
			w.code = f.bits
		}
		return nil
	})
}

// valid says whether the ids are ids: of 16 and 8 bytes, and only the parent's may lack.
func (w wireSpan) valid() bool {
	return len(w.traceID) == 16 && len(w.id) == 8 && (len(w.parent) == 8 || len(w.parent) == 0)
}

func (w wireSpan) span(from source) record.Span {
	return record.Span{
		Service: from.service, Pod: from.pod, Name: text(w.name),
		Start: int64(w.start), Duration: time.Duration(w.end - w.start),
		ID: hex.EncodeToString(w.id), Parent: hex.EncodeToString(w.parent),
		Error: w.failure(),
	}
}

// failure is empty for a span that did not fail.
func (w wireSpan) failure() string {
	if w.code != uint64(tracev1.Status_STATUS_CODE_ERROR) {
		return ""
	}
	return cmp.Or(text(w.message), "failed")
}
