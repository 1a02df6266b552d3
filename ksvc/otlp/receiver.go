// Package otlp receives the spans that Knative's components report, as far as a run
// needs them: OTLP over HTTP in protobuf, and of that traces only. It keeps nothing.
//
// Components report in batches, seconds after a span has ended, and do not say which
// sample a span belongs to. So each span is handed on as soon as it arrives, and
// whoever reads the run file finds its sample by the trace's id.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
package otlp

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"sync"
	"time"

	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

const (
	path        = "/v1/traces"
	contentType = "application/x-protobuf"
	// maxBody bounds one batch, unpacked. The default batch of 512 spans takes
	// some hundred kilobytes.
	maxBody = 16 << 20
	// readTimeout bounds how long a component may take to send a batch.
	readTimeout = 10 * time.Second
	// idleTimeout is long, so that no batch is sent on a connection that is just
	// being closed. The component would wait 5 s before it tries again.
	idleTimeout = time.Hour
)

// Receiver listens for spans until it is closed.
type Receiver struct {
	server *http.Server
	listen net.Listener

	mu     sync.Mutex
	onSpan func(record.TraceSpan) // nil once closed
}

// Listen opens an address, HOST:PORT, and hands each span to onSpan, one at a time.
// Port 0 stands for any that is free.
func Listen(address string, onSpan func(record.TraceSpan)) (*Receiver, error) {
	listen, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for traces: %w", err)
	}
	r := &Receiver{listen: listen, onSpan: onSpan}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+path, r.serve)
	r.server = &http.Server{Handler: mux, ReadTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 16 << 10}
	go func() { _ = r.server.Serve(listen) }() // it ends with Close
	return r, nil
}

// Endpoint is the URL that components report to.
func (r *Receiver) Endpoint() string { return "http://" + r.listen.Addr().String() + path }

// Close ends listening. After it has returned, no span is handed on.
func (r *Receiver) Close() error {
	err := r.server.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onSpan = nil
	return err
}

// serve answers as the protocol says: with an empty message when all was taken, and
// with a 4xx when the batch makes no sense, so that the component does not send it
// again.
func (r *Receiver) serve(w http.ResponseWriter, q *http.Request) {
	if kind, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type")); kind != contentType {
		http.Error(w, "traces are taken as "+contentType, http.StatusUnsupportedMediaType)
		return
	}
	body, err := read(w, q)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	var batch tracev1.TracesData // the same on the wire as ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &batch)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.handOn(&batch)
	w.Header().Set("Content-Type", contentType)
}

func (r *Receiver) handOn(batch *tracev1.TracesData) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range spans(batch) {
		if r.onSpan != nil {
			r.onSpan(s)
		}
	}
}

// read reads the body, unpacked if it is compressed.
func read(w http.ResponseWriter, q *http.Request) ([]byte, error) {
	body := http.MaxBytesReader(w, q.Body, maxBody)
	switch encoding := q.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = http.MaxBytesReader(w, unpacked, maxBody)
	default:
		return nil, fmt.Errorf("unknown Content-Encoding %q", encoding)
	}
	return io.ReadAll(body)
}
