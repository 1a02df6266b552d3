// Package otlp receives the spans that Knative's components report, as far as a run
// needs them: OTLP over HTTP in protobuf, and of that traces only. It keeps nothing
// but how many spans each trace had.
//
// Components report in batches, seconds after a span has ended, and do not say which
// sample a span belongs to. So each span is handed on as soon as it arrives, and
// whoever reads the run file finds its sample by the trace's id.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
//
// # Who can send
//
// Whoever reaches the port can try. A batch is taken only at a path that has a random
// token in it, and of a batch only the spans of traces that the run has begun. The
// token is in Knative's ConfigMap config-observability and in the environment of every
// queue-proxy. So these can send spans that look like any component's:
//   - who may read that ConfigMap, or pods of Knative Services;
//   - who can read the packets, because components report without TLS: a function with
//     CAP_NET_RAW can, because it shares its pod's network with the queue-proxy.
//
// The sender's address does not tell them apart: networks give packets that leave the
// cluster the node's address. A function learns from its requests which traces
// they belong to, but not the ids of others' requests.
package otlp

import (
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

const (
	contentType = "application/x-protobuf"
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
	path   string
	known  func(traceID string) bool
	turns  chan struct{} // held while a batch is unpacked and read

	mu     sync.Mutex
	onSpan func(record.TraceSpan) // nil once closed
	taken  map[string]int         // spans by known trace
}

// Listen opens an address, HOST:PORT, and hands each span of a known trace to onSpan,
// one at a time. Port 0 stands for any that is free.
func Listen(address string, known func(traceID string) bool, onSpan func(record.TraceSpan)) (*Receiver, error) {
	listen, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for traces: %w", err)
	}
	r := newReceiver(known, onSpan)
	r.listen = netutil.LimitListener(listen, maxConnections)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+r.path, r.serve)
	mux.HandleFunc("/", refuse)
	r.server = &http.Server{Handler: mux, ReadTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 16 << 10}
	go func() { _ = r.server.Serve(r.listen) }() // it ends with Close
	return r, nil
}

func newReceiver(known func(string) bool, onSpan func(record.TraceSpan)) *Receiver {
	return &Receiver{
		path: "/" + rand.Text() + "/v1/traces", known: known, onSpan: onSpan,
		turns: make(chan struct{}, maxRequests), taken: map[string]int{},
	}
}

// Address is where it listens, HOST:PORT.
func (r *Receiver) Address() string { return r.listen.Addr().String() }

// Endpoint is the URL that components report to. Whoever has it can send spans, so it
// is not for logs: Address is.
func (r *Receiver) Endpoint() string { return "http://" + r.Address() + r.path }

// Close ends listening. After it has returned, no span is handed on.
func (r *Receiver) Close() error {
	err := r.server.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onSpan = nil
	return err
}

// refuse answers a stranger, whose connection is not kept.
func refuse(w http.ResponseWriter, q *http.Request) {
	w.Header().Set("Connection", "close")
	http.NotFound(w, q)
}

// serve answers as the protocol says: with an empty message when all was taken, and
// with a 4xx when the batch makes no sense, so that the component does not send it
// again.
func (r *Receiver) serve(w http.ResponseWriter, q *http.Request) {
	if kind, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type")); kind != contentType {
		http.Error(w, "traces are taken as "+contentType, http.StatusUnsupportedMediaType)
		return
	}
	r.turns <- struct{}{}
	defer func() { <-r.turns }()
	var spans []record.TraceSpan
	body, err := read(w, q)
	if err == nil {
		spans, err = decode(body, r.known)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge) || errors.Is(err, errTooManySpans):
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		r.handOn(spans)
		w.Header().Set("Content-Type", contentType)
	}
}

func (r *Receiver) handOn(spans []record.TraceSpan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range spans {
		if r.onSpan != nil && r.taken[s.TraceID] < maxTraceSpans {
			r.taken[s.TraceID]++
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
