package worker

import (
	"encoding/json"
	"net/http"
	"sync"
)

// output writes the lines of an order as they come.
type output struct {
	mu    sync.Mutex
	out   *json.Encoder
	flush func() error
}

func newOutput(w http.ResponseWriter) *output {
	w.Header().Set("Content-Type", "application/jsonl")
	return &output{out: json.NewEncoder(w), flush: http.NewResponseController(w).Flush}
}

func (o *output) write(l line) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.out.Encode(l); err != nil {
		return err
	}
	return o.flush()
}
