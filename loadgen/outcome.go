package loadgen

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// classify tells the outcome of a request that was not answered completely.
func classify(err error) record.Outcome {
	switch {
	// The kernel's own ETIMEDOUT is no client timeout: it may come earlier.
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return record.Timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return record.Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return record.Reset
	}
	return record.Error
}

// explain says what an outcome means, in words that are the same for all
// requests that ended alike, so that they can be counted by cause.
func explain(outcome record.Outcome, err error, address string, s *record.Sample) string {
	switch {
	case outcome == record.Timeout && s.Connected == 0:
		return fmt.Sprintf("not connected to %s within %v", address, s.ClientTimeout)
	case outcome == record.Timeout:
		return fmt.Sprintf("not answered within %v", s.ClientTimeout)
	case outcome == record.Refused:
		return fmt.Sprintf("connection to %s refused", address)
	case outcome == record.Reset && s.FirstByte == 0:
		return "connection broke before the answer"
	case outcome == record.Reset:
		return "connection broke in the middle of the answer"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return err.Error() + ": name the file of its authority with --ca-file"
	}
	return err.Error()
}

// A revision's deployment is named after it, and its pods after the deployment.
// Where the name would become longer than 63 characters, Knative keeps the first
// 20 and a hash of the rest (knative.dev/pkg/kmeta.ChildName).
const (
	longestRevision = 63 - len("-deployment")
	keptOfLonger    = 63 - len("-deployment") - 32
)

// belongs says that a pod is of the target's revision, by its name. It errs on
// the side of yes; the proof by UID is the cluster's.
func belongs(pod string, t record.Target) bool {
	of := owner(t)
	if len(of) > longestRevision {
		return strings.HasPrefix(pod, of[:keptOfLonger])
	}
	return strings.HasPrefix(pod, of+"-")
}

// owner is what the name of a target's pods begins with.
func owner(t record.Target) string {
	if t.Revision != "" {
		return t.Revision
	}
	return t.Service
}

// excerpt is the beginning of a body, for a message of one line.
func excerpt(body []byte) string {
	const most = 80
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body[:min(len(body), 4*most)]), "?")), " ")
	if text == "" {
		return "an empty body"
	}
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}
