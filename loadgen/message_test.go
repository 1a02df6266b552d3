package loadgen

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// asked is a request as a server sees it.
type asked struct {
	Method, Host, Path, Agent, Type, Body string
	Length                                int64
	Close                                 bool
}

func TestMessages(t *testing.T) {
	for _, test := range []struct {
		name    string
		path    string
		message Message
		want    asked
	}{
		{name: "none", want: asked{Method: "GET", Path: "/", Agent: "kn-coldstart"}},
		{name: "the target's path", path: "/work?n=1", want: asked{Method: "GET", Path: "/work?n=1", Agent: "kn-coldstart"}},
		{
			name: "a path of its own", path: "/work", message: Message{Path: "/other"},
			want: asked{Method: "GET", Path: "/other", Agent: "kn-coldstart"},
		},
		{
			name:    "a body",
			message: Message{Method: "POST", Header: http.Header{"Content-Type": {"text/plain"}, "User-Agent": {"mine"}}, Body: []byte("hello")},
			want:    asked{Method: "POST", Path: "/", Agent: "mine", Type: "text/plain", Body: "hello", Length: 5},
		},
		{name: "a POST without a body", message: Message{Method: "POST"}, want: asked{Method: "POST", Path: "/", Agent: "kn-coldstart"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := make(chan asked, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				seen <- asked{
					r.Method, r.Host, r.URL.RequestURI(), r.UserAgent(), r.Header.Get("Content-Type"), string(body), r.ContentLength, r.Close,
				}
				io.WriteString(w, functionBody(revision+"-a"))
			}))
			defer server.Close()
			to := targetAt(server.Listener.Addr().String())
			to.Path = test.path
			c := newClient(time.Minute)
			c.Message = test.message
			before := test.message.Header.Clone()
			if s := send(t, c, to); s.Outcome != record.OK {
				t.Fatalf("got %s: %s", s.Outcome, s.Error)
			}
			test.want.Host, test.want.Close = to.Host, true
			if diff := cmp.Diff(test.want, <-seen); diff != "" {
				t.Errorf("the server was asked (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, test.message.Header); diff != "" {
				t.Errorf("sending changed the caller's header: %s", diff)
			}
		})
	}
}

// The answer to HEAD tells how long its body would be, and has none: waiting for it
// would end in a timeout.
func TestTheAnswerToHEADHasNoBody(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
	}))
	defer server.Close()
	c := newClient(5 * time.Second)
	c.Message = Message{Method: http.MethodHead}
	if s := send(t, c, targetAt(server.Listener.Addr().String())); s.Status != http.StatusOK || s.Outcome != record.OK {
		t.Errorf("status %d, %s: %s", s.Status, s.Outcome, s.Error)
	}
}
