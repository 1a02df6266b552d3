package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// requestFlags say how the requests look, and which answers are right.
type requestFlags struct {
	headers []string
	body    string
	// own are the --for CLASS:FLAG=VALUE.
	own          []string
	caFile       string
	expectStatus []string
	expectBody   string
	expectHeader []string
}

func (f *requestFlags) register(flags *pflag.FlagSet, r *experiment.Request) {
	flags.StringVar(&r.Message.Path, "path", "", "path to request, with its query if it has one (default /)")
	flags.StringVar(&r.Message.Method, "method", "", "method of the request (default GET)")
	flags.StringArrayVar(&f.headers, "header", nil, "header of the request, as \"NAME: VALUE\"; repeatable")
	flags.StringVar(&f.body, "body", "", "file with the body of the request, - for standard input")
	flags.StringVar(&r.Message.Host, "host", "", "host of the request, if it is not the service's")
	flags.StringArrayVar(&f.own, "for", nil, "what differs in the request of one class, as CLASS:FLAG=VALUE, such as wasmedge:path=/run; repeatable")
	flags.StringVar(&r.Protocol, "protocol", "", "protocol of the request: http1, http2 (in cleartext with prior knowledge, h2c) or grpc (default http1)")
	flags.BoolVar(&r.Stream, "grpc-stream", false, "the first message of the stream that a call by gRPC returns is the answer")
	flags.StringVar(&r.Scheme, "scheme", "", "http or https (default http)")
	flags.StringVar(&f.caFile, "ca-file", "", "file with the certificates, in PEM, of the authority that signed the ingress' certificate")
	flags.BoolVar(&r.Insecure, "insecure-skip-verify", false, "take any certificate of the ingress; the run file and reports warn of it")
	flags.StringSliceVar(&f.expectStatus, "expect-status", nil, "status of the right answer, as 200,204 or 2xx (default 2xx)")
	flags.StringVar(&f.expectBody, "expect-body", "", "regular expression that the body of the right answer matches")
	flags.StringArrayVar(&f.expectHeader, "expect-header", nil, "header of the right answer, as \"NAME: REGEXP\"; repeatable")
}

// complete fills in the request.
func (f *requestFlags) complete(r *experiment.Request) (err error) {
	if f.caFile != "" {
		if r.CA, err = os.ReadFile(f.caFile); err != nil {
			return fmt.Errorf("--ca-file: %w", err)
		}
	}
	if err := f.completeMessage(&r.Message); err != nil {
		return err
	}
	if r.Classes, err = f.ownMessages(r.Message); err != nil {
		return err
	}
	return f.completeExpect(&r.Expect)
}

func (f *requestFlags) completeExpect(e *loadgen.Expect) error {
	for _, text := range f.expectStatus {
		status, err := loadgen.ParseStatus(text)
		if err != nil {
			return fmt.Errorf("--expect-status: %w", err)
		}
		e.Status = append(e.Status, status)
	}
	if f.expectBody != "" {
		pattern, err := regexp.Compile(f.expectBody)
		if err != nil {
			return fmt.Errorf("--expect-body: %w", err)
		}
		e.Body = pattern
	}
	for _, text := range f.expectHeader {
		name, value, err := loadgen.ParseHeader(text)
		if err != nil {
			return fmt.Errorf("--expect-header: %w", err)
		}
		pattern, err := regexp.Compile(value)
		if err != nil {
			return fmt.Errorf("--expect-header %s: %w", name, err)
		}
		if e.Header == nil {
			e.Header = map[string]*regexp.Regexp{}
		}
		e.Header[name] = pattern
	}
	return nil
}

// ownMessages are the messages of the classes in --for: what all have, with what is the
// class's own over it. Headers are added, or replaced where they have the same name.
func (f *requestFlags) ownMessages(all loadgen.Message) (map[string]loadgen.Message, error) {
	var own map[string]loadgen.Message
	for _, value := range f.own {
		class, setting, _ := strings.Cut(value, ":")
		name, setting, found := strings.Cut(setting, "=")
		if class == "" || !found {
			return nil, fmt.Errorf("--for %q: want CLASS:FLAG=VALUE, such as wasmedge:path=/run", value)
		}
		m, begun := own[class]
		if !begun {
			m = all
			m.Header = m.Header.Clone()
		}
		if err := setMessage(&m, name, setting); err != nil {
			return nil, fmt.Errorf("--for %q: %w", value, err)
		}
		if own == nil {
			own = map[string]loadgen.Message{}
		}
		own[class] = m
	}
	return own, nil
}

// setMessage takes one setting, named as its flag is.
func setMessage(m *loadgen.Message, name, value string) (err error) {
	switch name {
	case "path":
		m.Path = value
	case "method":
		m.Method = value
	case "host":
		m.Host = value
	case "body":
		m.Body, err = readBodyFile(value)
	case "header":
		err = setHeader(m, value)
	default:
		err = fmt.Errorf("classes do not differ in %q: there are path, method, header, body and host", name)
	}
	return err
}

func setHeader(m *loadgen.Message, text string) error {
	name, value, err := loadgen.ParseHeader(text)
	if err != nil {
		return err
	}
	if m.Header == nil {
		m.Header = http.Header{}
	}
	m.Header.Set(name, value)
	return nil
}

// completeMessage fills in what all classes have and no flag has set yet.
func (f *requestFlags) completeMessage(m *loadgen.Message) (err error) {
	for _, text := range f.headers {
		if err := setHeader(m, text); err != nil {
			return fmt.Errorf("--header: %w", err)
		}
	}
	if f.body == "" {
		return nil
	}
	if m.Body, err = readBodyFile(f.body); err != nil {
		return fmt.Errorf("--body: %w", err)
	}
	return nil
}

func readBodyFile(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(path)
}
