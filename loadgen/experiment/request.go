package experiment

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// Request is how the requests of a run look, and which answers are right. The zero
// value is a GET of / over HTTP/1.1, to be answered with status 2xx.
type Request struct {
	// Protocol is a name of Protocols.
	Protocol string
	// Scheme is "http", "https", or empty for http.
	Scheme string
	// CA are authorities, in PEM, beside those of this system. Insecure takes any
	// certificate.
	CA       []byte
	Insecure bool
	// Message is the request of all classes but those in Classes, by name.
	Message loadgen.Message
	Classes map[string]loadgen.Message
	// Stream says that a call by gRPC is answered by a stream, and its first message is
	// the answer.
	Stream bool
	Expect loadgen.Expect
}

// Protocols are the names of the protocols.
var Protocols = []string{loadgen.NameHTTP1, loadgen.NameHTTP2, loadgen.NameGRPC}

func (r *Request) validate(classes []record.Class) error {
	var p problems
	if r.Protocol != "" && !slices.Contains(Protocols, r.Protocol) {
		p.option("protocol", "is %q: there is %s", r.Protocol, strings.Join(Protocols, ", "))
	}
	if r.Scheme != "" && r.Scheme != "http" && r.Scheme != record.HTTPS {
		p.option("scheme", "is %q: there is http and https", r.Scheme)
	}
	if r.Scheme != record.HTTPS && (len(r.CA) > 0 || r.Insecure) {
		p.option("scheme", "is http: --ca-file and --insecure-skip-verify are for https")
	}
	if len(r.CA) > 0 && !x509.NewCertPool().AppendCertsFromPEM(r.CA) {
		p.option("ca-file", "holds no certificate in PEM")
	}
	if r.Stream && r.Protocol != loadgen.NameGRPC {
		p.option("grpc-stream", "needs --protocol grpc")
	}
	p.add(r.validateMessage(r.Message))
	for _, name := range slices.Sorted(maps.Keys(r.Classes)) {
		if !slices.ContainsFunc(classes, func(c record.Class) bool { return c.Name == name }) {
			p.option("for", "names RuntimeClass %q, which is not measured", name)
		}
		p.add(r.validateMessage(r.Classes[name]))
	}
	return p.err()
}

// validateMessage has the protocol look at a message before anything is created.
func (r *Request) validateMessage(m loadgen.Message) error {
	if r.Protocol == loadgen.NameGRPC && (m.Method != "" || m.Path == "") {
		return &OptionError{"protocol", "is grpc, which needs --path /PACKAGE.SERVICE/METHOD, such as " + loadgen.GRPCHealth + ", and no --method"}
	}
	if _, err := loadgen.ProtocolOf(r.Protocol, r.Stream).Prepare(record.Target{Host: "service.example", Scheme: r.Scheme}, m); err != nil {
		return fmt.Errorf("the request makes no sense: %w", err)
	}
	return nil
}

// spec is what a client is like that sends such requests to the classes.
func (r *Request) spec(timeout time.Duration, classes []record.Class) *loadgen.Spec {
	s := &loadgen.Spec{
		Timeout: timeout, Protocol: r.Protocol, Stream: r.Stream, TLS: r.Scheme == record.HTTPS, CA: r.CA, Insecure: r.Insecure,
		Message: r.Message, Expect: r.Expect,
	}
	for _, class := range classes {
		if m, own := r.Classes[class.Name]; own {
			s.Own = append(s.Own, loadgen.OwnMessage{Class: class.Key(), Message: m})
		}
	}
	return s
}

// recorded is the request as a setting. It is nil for the plain one, so that runs of
// earlier versions, which knew no other, can be compared with those of this one.
func (r *Request) recorded() *record.Request {
	s := record.Request{
		Protocol: cmp.Or(r.Protocol, loadgen.NameHTTP1), Scheme: cmp.Or(r.Scheme, "http"), Insecure: r.Insecure, Stream: r.Stream,
		Message: recordedMessage(r.Message), ExpectStatus: recordedStatus(r.Expect.Status),
	}
	if r.Expect.Body != nil {
		s.ExpectBody = r.Expect.Body.String()
	}
	for name, pattern := range r.Expect.Header {
		if s.ExpectHeader == nil {
			s.ExpectHeader = map[string]string{}
		}
		s.ExpectHeader[name] = pattern.String()
	}
	for name, m := range r.Classes {
		if s.Classes == nil {
			s.Classes = map[string]record.Message{}
		}
		s.Classes[name] = recordedMessage(m)
	}
	if reflect.DeepEqual(s, plain) {
		return nil
	}
	return &s
}

// plain is the request of a run that says nothing about it.
var plain = record.Request{Protocol: loadgen.NameHTTP1, Scheme: "http", Message: recordedMessage(loadgen.Message{})}

func recordedStatus(ranges []loadgen.StatusRange) []string {
	var all []string
	for _, r := range ranges {
		text := fmt.Sprint(r.From)
		if r.To > r.From {
			text = fmt.Sprintf("%dxx", r.From/100)
		}
		all = append(all, text)
	}
	return all
}

// secret matches names of headers, and of values in a query, that are nobody's business.
var secret = regexp.MustCompile(`(?i)auth|cookie|token|key|secret|password|credential|session`)

const hidden = "(hidden)"

// recordedPath is a path whose query keeps its secrets.
func recordedPath(path string) string {
	path, query, found := strings.Cut(path, "?")
	if !found {
		return path
	}
	values := strings.Split(query, "&")
	for i, one := range values {
		if name, _, _ := strings.Cut(one, "="); secret.MatchString(name) {
			values[i] = name + "=" + hidden
		}
	}
	return path + "?" + strings.Join(values, "&")
}

// Secret names what in the requests may be nobody's business: a header, or a value in a query.
// It is empty if nothing looks so.
func (r *Request) Secret() string {
	for _, m := range append(slices.Collect(maps.Values(r.Classes)), r.Message) {
		for name := range m.Header {
			if secret.MatchString(name) {
				return "header " + name
			}
		}
		if recordedPath(m.Path) != m.Path {
			return "the query of the path"
		}
	}
	return ""
}

func recordedMessage(m loadgen.Message) record.Message {
	s := record.Message{Method: cmp.Or(m.Method, http.MethodGet), Path: recordedPath(cmp.Or(m.Path, "/")), Host: m.Host}
	for name, values := range m.Header {
		if s.Header == nil {
			s.Header = map[string]string{}
		}
		s.Header[name] = strings.Join(values, ", ")
		if secret.MatchString(name) {
			s.Header[name] = hidden
		}
	}
	if len(m.Body) > 0 {
		sum := sha256.Sum256(m.Body)
		s.BodyBytes, s.BodySHA256 = len(m.Body), hex.EncodeToString(sum[:])
	}
	return s
}
