package loadgen

import (
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// The names of the protocols.
const (
	NameHTTP1 = "http1"
	NameHTTP2 = "http2"
	NameGRPC  = "grpc"
)

// Spec says what a client is like, in a form that one program can send to another.
type Spec struct {
	Timeout time.Duration
	// Protocol is the name of one, and empty for HTTP1. Stream says that a call by gRPC is
	// answered by a stream.
	Protocol string
	Stream   bool
	// TLS says that the targets take https. CA are authorities, in PEM, beside those of the
	// system, and Insecure takes any certificate.
	TLS      bool
	CA       []byte
	Insecure bool
	// Message is how the requests look, but for those of the classes in Own.
	Message Message
	Own     []OwnMessage
	Expect  Expect
}

// OwnMessage is how the requests of one class look.
type OwnMessage struct {
	Class   record.Key
	Message Message
}

// Client makes the client.
func (s *Spec) Client(clock record.Clock) *Client {
	c := &Client{
		Clock: clock, Timeout: s.Timeout, Protocol: ProtocolOf(s.Protocol, s.Stream), TLS: s.tls(),
		Message: s.Message, Messages: map[record.Key]Message{}, Expect: s.Expect,
	}
	for _, own := range s.Own {
		c.Messages[own.Class] = own.Message
	}
	return c
}

// ProtocolOf is the protocol of a name.
func ProtocolOf(name string, stream bool) Protocol {
	switch name {
	case NameHTTP2:
		return HTTP2{}
	case NameGRPC:
		return GRPC{Stream: stream}
	}
	return HTTP1{}
}

func (s *Spec) tls() *tls.Config {
	if !s.TLS {
		return nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	roots.AppendCertsFromPEM(s.CA)
	return &tls.Config{RootCAs: roots, InsecureSkipVerify: s.Insecure}
}
