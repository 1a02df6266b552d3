package record

// HTTPS is the scheme of requests over TLS.
const HTTPS = "https"

// Target is one service under test, ready to be fired at: where to connect, and
// what to ask for there.
type Target struct {
	RuntimeClass string
	// Variant is that of the class in the header.
	Variant   string
	Namespace string
	Service   string
	Revision  string
	// Scheme is HTTPS, or empty for plain HTTP.
	Scheme string
	// Host goes into the request's Host header; it is how the ingress tells
	// services apart.
	Host string
	// Address is host:port of the ingress, to connect to.
	Address string
	// Path is what to get, "/" unless the function serves something else.
	Path string
	// TraceID is the trace that the next request begins. It is empty for none, or for one that
	// whoever sends the request draws.
	TraceID string
}
