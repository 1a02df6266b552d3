package record

// Request is how the requests of a run look, and which answers are right, as far as it
// may be known to all who read the run file.
type Request struct {
	// Protocol is "http1", "http2" or "grpc", and Scheme "http" or "https".
	Protocol string `json:"protocol"`
	Scheme   string `json:"scheme"`
	// Insecure says that no certificate was verified.
	Insecure bool `json:"insecure,omitempty"`
	// Stream says that the first message of a stream by gRPC is the answer.
	Stream bool `json:"stream,omitempty"`
	Message
	// Classes are the messages of the RuntimeClasses that have one of their own.
	Classes map[string]Message `json:"classes,omitempty"`
	// ExpectStatus are the right ones, such as "204" and "2xx"; none stands for 2xx.
	ExpectStatus []string `json:"expectStatus,omitempty"`
	// ExpectBody and ExpectHeader are regular expressions.
	ExpectBody   string            `json:"expectBody,omitempty"`
	ExpectHeader map[string]string `json:"expectHeader,omitempty"`
}

// Message is one request. The values of headers that may hold a secret are hidden, and
// the body is known by its size and hash only.
type Message struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	// Host is empty where it is the service's.
	Host       string            `json:"host,omitempty"`
	Header     map[string]string `json:"header,omitempty"`
	BodyBytes  int               `json:"bodyBytes,omitempty"`
	BodySHA256 string            `json:"bodySha256,omitempty"`
}
