package loadgen

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// The delays of the delaying handler: before the answer's header, and in the middle of
// its body.
const (
	beforeHeader = 60 * time.Millisecond
	inBody       = 40 * time.Millisecond
)

// delaying answers what it was asked after known delays, and the protocol in a header.
func delaying(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Proto", r.Proto)
	w.Header().Set("Trailer", "Grpc-Status")
	time.Sleep(beforeHeader)
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	time.Sleep(inBody)
	w.Write(body)
	w.Header().Set("Grpc-Status", "0")
}

// serve serves on a port of its own, over HTTP/1.1 and HTTP/2.
func serve(t *testing.T, secure bool, h http.HandlerFunc) (record.Target, *tls.Config) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetHTTP2(secure)
	server.Config.Protocols.SetUnencryptedHTTP2(!secure)
	t.Cleanup(server.Close)
	to := targetAt(server.Listener.Addr().String())
	if !secure {
		server.Start()
		return to, nil
	}
	server.EnableHTTP2 = true
	server.StartTLS()
	to.Scheme, to.Host = record.HTTPS, "example.com" // what httptest's certificate is for
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return to, &tls.Config{RootCAs: roots}
}

func TestProtocols(t *testing.T) {
	for _, test := range []struct {
		name     string
		protocol Protocol
		secure   bool
		proto    string
	}{
		{"http", HTTP1{}, false, "HTTP/1.1"},
		{"https", HTTP1{}, true, "HTTP/1.1"},
		{"h2c", HTTP2{}, false, "HTTP/2.0"},
		{"h2", HTTP2{}, true, "HTTP/2.0"},
		{"gRPC in cleartext", GRPC{}, false, "HTTP/2.0"},
		{"gRPC", GRPC{}, true, "HTTP/2.0"},
		{"gRPC, first of a stream", GRPC{Stream: true}, false, "HTTP/2.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			protocol := make(chan string, 1)
			to, roots := serve(t, test.secure, func(w http.ResponseWriter, r *http.Request) {
				protocol <- r.Proto
				delaying(w, r)
			})
			c := newClient(time.Minute)
			c.Protocol, c.TLS = test.protocol, roots
			c.Message = Message{Method: http.MethodPost, Body: []byte("ping"), Header: http.Header{"X-Mine": {"1"}}}
			s := send(t, c, to)
			if s.Outcome != record.OK || s.Status != http.StatusOK || s.BodyBytes < int64(len("ping")) {
				t.Fatalf("got %s %d %s, %d bytes", s.Outcome, s.Status, s.Error, s.BodyBytes)
			}
			if got := <-protocol; got != test.proto {
				t.Errorf("asked by %s, want %s", got, test.proto)
			}
			if (s.TLSHandshake > 0) != test.secure || s.TLSHandshake > s.Connected-s.Sent {
				t.Errorf("handshake %v of %v", s.TLSHandshake, s.Connected-s.Sent)
			}
			if wait := s.FirstByte - s.Wrote; s.Wrote == 0 || wait < beforeHeader {
				t.Errorf("the first byte came %v after the request, the server waited %v", wait, beforeHeader)
			}
			if rest := s.Done - s.FirstByte; rest < inBody-time.Millisecond {
				t.Errorf("the body came %v after the header, the server waited %v", rest, inBody)
			}
			if grpc := strings.HasPrefix(test.name, "gRPC"); (s.GRPCStatus != nil) != grpc {
				t.Errorf("gRPC status %v", s.GRPCStatus)
			}
		})
	}
}

// A server that waits is waited for until the client gives up, by every protocol.
func TestProtocolsTimeOut(t *testing.T) {
	for name, protocol := range map[string]Protocol{"http": HTTP1{}, "h2c": HTTP2{}, "gRPC": GRPC{}} {
		t.Run(name, func(t *testing.T) {
			to, _ := serve(t, false, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			c := newClient(200 * time.Millisecond)
			c.Protocol = protocol
			if s := send(t, c, to); s.Outcome != record.Timeout || s.ResponseLatency < c.Timeout || s.FirstByte != 0 {
				t.Errorf("got %s (%s) after %v, first byte %v", s.Outcome, s.Error, s.ResponseLatency, s.FirstByte)
			}
		})
	}
}

func TestUnknownAuthority(t *testing.T) {
	to, _ := serve(t, true, delaying)
	c := newClient(time.Minute)
	if s := send(t, c, to); s.Outcome != record.Error || !strings.Contains(s.Error, "name the file of its authority with --ca-file") {
		t.Errorf("got %s: %s", s.Outcome, s.Error)
	}
	c.TLS = &tls.Config{InsecureSkipVerify: true}
	if s := send(t, c, to); s.Outcome != record.OK {
		t.Errorf("got %s: %s", s.Outcome, s.Error)
	}
}

// A server of HTTP/1.1 that is asked by HTTP/2 must not be taken for one that is slow.
func TestHTTP2OfAServerThatDoesNotSpeakIt(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(delaying))
	defer server.Close()
	c := newClient(5 * time.Second)
	c.Protocol = HTTP2{}
	if s := send(t, c, targetAt(server.Listener.Addr().String())); !s.Failed() || s.Outcome == record.Timeout {
		t.Errorf("got %s: %s", s.Outcome, s.Error)
	} else {
		t.Log(s.Outcome, s.Error)
	}
}

func TestGRPCStatus(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		code   int
		text   string
	}{
		{"in the header", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Grpc-Status", "12")
			w.Header().Set("Grpc-Message", "no%20such method")
		}, 12, "gRPC status 12: no such method"},
		{"in the trailer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(http.TrailerPrefix+"Grpc-Status", "14")
			w.Write(framed([]byte("x")))
		}, 14, "gRPC status 14"},
		{"not gRPC", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }, 2, "has no gRPC status"},
	} {
		t.Run(test.name, func(t *testing.T) {
			to, _ := serve(t, false, test.answer)
			c := newClient(time.Minute)
			c.Protocol = GRPC{}
			s := send(t, c, to)
			if s.Outcome != record.HTTP || s.GRPCStatus == nil || *s.GRPCStatus != test.code || !strings.Contains(s.Error, test.text) {
				t.Errorf("got %s, status %v: %s", s.Outcome, s.GRPCStatus, s.Error)
			}
		})
	}
}

// A stream may never end; its first message is the answer.
func TestTheFirstMessageOfAStream(t *testing.T) {
	to, _ := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		w.Write(framed([]byte("one")))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	c := newClient(time.Minute)
	c.Protocol = GRPC{Stream: true}
	if s := send(t, c, to); s.Outcome != record.OK || s.BodyBytes != frameHeader+int64(len("one")) {
		t.Errorf("got %s %s, %d bytes", s.Outcome, s.Error, s.BodyBytes)
	}
}

func TestBodiesAreCountedAndNotKept(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 3*maxBody)
	for name, protocol := range map[string]Protocol{"http": HTTP1{}, "h2c": HTTP2{}} {
		t.Run(name, func(t *testing.T) {
			to, _ := serve(t, false, func(w http.ResponseWriter, _ *http.Request) { w.Write(body) })
			c := newClient(time.Minute)
			c.Protocol = protocol
			if s := send(t, c, to); s.BodyBytes != int64(len(body)) {
				t.Errorf("%d bytes, want %d", s.BodyBytes, len(body))
			}
		})
	}
}
