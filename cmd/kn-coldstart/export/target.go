// Package export sends metrics to a receiver of OpenTelemetry's protocol (OTLP), by HTTP in
// its protobuf encoding.
//
// Where to, and with what headers, is read from the environment variables that every
// exporter of OpenTelemetry reads. Headers carry secrets: no error and no message has the
// value of one.
package export

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Target is where metrics are sent.
type Target struct {
	url     *url.URL
	headers http.Header
	client  *http.Client
}

const (
	defaultEndpoint = "http://localhost:4318"
	metricsPath     = "/v1/metrics"
	defaultTimeout  = 10 * time.Second
)

// NewTarget is the one at a base URL, such as http://localhost:4318, or at the one that the
// environment names if that is empty. Headers, the time limit and the authority that signs
// the receiver's certificate are the environment's.
func NewTarget(endpoint string, getenv func(string) string) (*Target, error) {
	env := environment(getenv)
	if protocol := env.get("PROTOCOL"); protocol != "" && protocol != "http/protobuf" {
		return nil, fmt.Errorf("%s%s is %s: metrics are sent by http/protobuf only", prefix, "PROTOCOL", protocol)
	}
	to, err := env.url(endpoint)
	if err != nil {
		return nil, err
	}
	headers, err := parseHeaders(env.get("HEADERS"))
	if err != nil {
		return nil, err
	}
	client, err := env.client()
	if err != nil {
		return nil, err
	}
	return &Target{to, headers, client}, nil
}

// String is the address without what may be secret in it.
func (t *Target) String() string {
	shown := url.URL{Scheme: t.url.Scheme, Host: t.url.Host, Path: t.url.Path}
	return shown.String()
}

// environment has the variables whose names begin with prefix.
type environment func(string) string

const prefix = "OTEL_EXPORTER_OTLP_"

// get is the variable for metrics, or if there is none that for all signals.
func (e environment) get(name string) string {
	return cmp.Or(e(prefix+"METRICS_"+name), e(prefix+name))
}

// url is the address for metrics. The variable for metrics alone has it as it is. All else
// names a receiver, below which it has a path of its own.
func (e environment) url(endpoint string) (*url.URL, error) {
	whole := e(prefix + "METRICS_ENDPOINT")
	if endpoint == "" && whole != "" {
		return parseURL(prefix+"METRICS_ENDPOINT", whole)
	}
	name := "--otlp-endpoint"
	if endpoint == "" {
		name, endpoint = prefix+"ENDPOINT", cmp.Or(e(prefix+"ENDPOINT"), defaultEndpoint)
	}
	base, err := parseURL(name, endpoint)
	if err != nil || strings.HasSuffix(base.Path, metricsPath) {
		return base, err
	}
	return base.JoinPath(metricsPath), nil
}

// parseURL does not say what it was given: a password may be in it.
func parseURL(name, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%s is no URL of http or https, such as %s", name, defaultEndpoint)
	}
	return u, nil
}

// parseHeaders reads NAME=VALUE,NAME=VALUE, in which values are encoded as in a URL.
func parseHeaders(text string) (http.Header, error) {
	headers := http.Header{}
	for i, entry := range strings.Split(text, ",") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		name, value, found := strings.Cut(entry, "=")
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !found || name == "" || err != nil || strings.ContainsAny(name+decoded, "\r\n") {
			return nil, fmt.Errorf("%sHEADERS: entry %d is not NAME=VALUE", prefix, i+1)
		}
		headers.Set(name, decoded)
	}
	return headers, nil
}

// client does not follow redirects, which would take the headers to somebody else.
func (e environment) client() (*http.Client, error) {
	limit := defaultTimeout
	if text := e.get("TIMEOUT"); text != "" {
		milliseconds, err := strconv.Atoi(text)
		if err != nil || milliseconds <= 0 {
			return nil, fmt.Errorf("%sTIMEOUT is %q: want milliseconds", prefix, text)
		}
		limit = time.Duration(milliseconds) * time.Millisecond
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if file := e.get("CERTIFICATE"); file != "" {
		pool, err := authorities(file)
		if err != nil {
			return nil, fmt.Errorf("%sCERTIFICATE: %w", prefix, err)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Timeout: limit, Transport: transport, CheckRedirect: stay}, nil
}

func authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("no certificate in " + file)
	}
	return pool, nil
}
