package ksvc

import (
	"fmt"
	"net/http"
	"time"
)

// tell takes what Tell asks for. It is nil where nobody does.
var tell func(line string)

// Tell has a line told of every request that the clients of this process make, when it is
// answered, and of every pause after which one is made again. It is called from many
// goroutines. Call Tell before the first client is made.
func Tell(line func(line string)) { tell = line }

// tellRequest tells of a request that was sent at a time.
func tellRequest(r *http.Request, sent time.Time, answer *http.Response, err error) {
	if tell == nil {
		return
	}
	result := fmt.Sprint(err)
	if err == nil {
		result = answer.Status
	}
	tell(fmt.Sprintf("%s %s: %s, %.1f ms", r.Method, r.URL.RequestURI(), result, float64(time.Since(sent).Microseconds())/1000))
}

func tellAgain(err error, pause time.Duration) {
	if tell != nil {
		tell(fmt.Sprintf("asking again in %v: %v", pause.Round(time.Millisecond), err))
	}
}
