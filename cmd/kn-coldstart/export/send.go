package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

const contentType = "application/x-protobuf"

// mostAnswer is how much of an answer is read, and mostText how much of it is shown.
const (
	mostAnswer = 64 << 10
	mostText   = 300
)

// Send sends metrics once. Its message is what the receiver said though it took them all.
func (t *Target) Send(ctx context.Context, s *metric.Set) (message string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("send metrics to %s: %w", t, err)
		}
	}()
	body, err := proto.Marshal(report.OTLPMetrics(s)) // as a request it would be the same bytes
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url.String(), bytes.NewReader(body))
	if err != nil {
		return "", errors.New("the address is not usable")
	}
	request.Header = t.headers.Clone()
	request.Header.Set("Content-Type", contentType)
	response, err := t.client.Do(request)
	var of *url.Error
	if errors.As(err, &of) {
		return "", of.Err // the rest repeats the address, with what may be secret in it
	}
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return t.judge(response, answer)
}

// judge says whether the receiver took everything.
func (t *Target) judge(response *http.Response, answer []byte) (message string, err error) {
	binary := strings.HasPrefix(response.Header.Get("Content-Type"), contentType)
	if response.StatusCode/100 != 2 {
		said := string(answer)
		if binary {
			said = string(fieldsOf(answer).text[statusMessage])
		}
		if said = t.harmless(said); said != "" {
			said = ": " + said
		}
		return "", fmt.Errorf("the receiver answered %s%s", response.Status, said)
	}
	if !binary {
		return "", nil
	}
	partial := fieldsOf(fieldsOf(answer).text[partialSuccess])
	message = t.harmless(string(partial.text[errorMessage]))
	if rejected := partial.number[rejectedPoints]; rejected > 0 {
		return "", fmt.Errorf("the receiver refused %d points: %s", rejected, message)
	}
	return message, nil
}

// harmless is a part of what the receiver said, without the headers if it repeats them.
func (t *Target) harmless(said string) string {
	for _, values := range t.headers {
		for _, secret := range values {
			if secret != "" {
				said = strings.ReplaceAll(said, secret, "(a header)")
			}
		}
	}
	said = strings.Join(strings.Fields(strings.ToValidUTF8(said, "?")), " ")
	if len(said) > mostText {
		said = strings.ToValidUTF8(said[:mostText], "") + "..."
	}
	return said
}

// Numbers of fields: of ExportMetricsServiceResponse, of the partial success in it, and of
// the Status that is the answer to a request that failed.
const (
	partialSuccess protowire.Number = 1
	rejectedPoints protowire.Number = 1
	errorMessage   protowire.Number = 2
	statusMessage  protowire.Number = 2
)

// message is the fields of a message by their numbers. The types of these messages would
// bring gRPC with them.
type message struct {
	text   map[protowire.Number][]byte
	number map[protowire.Number]uint64
}

// fieldsOf reads as much of a message as there is. A broken one has fewer fields.
func fieldsOf(b []byte) message {
	m := message{map[protowire.Number][]byte{}, map[protowire.Number]uint64{}}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return m
		}
		b = b[n:]
		switch kind {
		case protowire.BytesType:
			m.text[number], n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			m.number[number], n = protowire.ConsumeVarint(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return m
		}
		b = b[n:]
	}
	return m
}
