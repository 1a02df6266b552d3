package worker

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// saying is a transport to a worker that says what it has to, over time.
type saying func(out *json.Encoder)

func (s saying) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	body, out := io.Pipe()
	go func() {
		if r.URL.Path == pathLines {
			s(json.NewEncoder(out))
		}
		out.Close()
	}()
	go func() { <-r.Context().Done(); out.CloseWithError(r.Context().Err()) }()
	return &http.Response{StatusCode: http.StatusOK, Body: body}, nil
}

// A worker that says nothing for too long is lost, and one whose lines are taken slowly is not:
// it is heard of as soon as somebody listens.
func TestSilence(t *testing.T) {
	for name, test := range map[string]struct {
		says  saying
		takes time.Duration
		want  error
	}{
		"it goes on": {says: func(out *json.Encoder) {
			for range 60 {
				_ = out.Encode(line{})
				time.Sleep(lifeSign)
			}
			_ = out.Encode(line{End: &end{}})
		}},
		"taken slowly": {takes: 4 * silenceLimit, says: func(out *json.Encoder) {
			for range 3 {
				_ = out.Encode(line{})
			}
			_ = out.Encode(line{End: &end{}})
		}},
		"it pauses": {says: func(out *json.Encoder) {
			for range 3 {
				_ = out.Encode(line{})
				time.Sleep(silenceLimit - lifeSign - time.Millisecond)
			}
			_ = out.Encode(line{End: &end{}})
		}},
		"it is silent": {want: errSilent, says: func(out *json.Encoder) {
			_ = out.Encode(line{})
			time.Sleep(time.Hour)
		}},
		"silent after a line that was taken slowly": {takes: time.Minute, want: errSilent, says: func(out *json.Encoder) {
			_ = out.Encode(line{})
			time.Sleep(time.Hour)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &stream{
					member: newMember(record.Worker{Name: "w"}, record.NewClock(), test.says), ready: func() {},
					take: func(line) error { time.Sleep(test.takes); return nil },
				}
				began := time.Now()
				if err := s.read(t.Context()); !errors.Is(err, test.want) {
					t.Errorf("got error %v, want %v", err, test.want)
				}
				if took := time.Since(began); test.want != nil && took > test.takes+silenceLimit+lifeSign {
					t.Errorf("it took %v", took)
				}
				time.Sleep(time.Hour) // until the worker has gone, too
			})
		})
	}
}
