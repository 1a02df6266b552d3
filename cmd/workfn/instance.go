package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/kn-coldstart/kn-coldstart/cmd/workfn/figure"
)

// answer is the body of every answer. Pod, Nonce and Requests say which instance answered,
// as those of coldfn do.
type answer struct {
	Pod      string          `json:"pod"`
	Nonce    string          `json:"nonce"`
	Requests int64           `json:"requests"`
	Program  string          `json:"program"`
	Figures  []figure.Figure `json:"figures"`
}

// instance runs one program at a time: two would measure one another.
type instance struct {
	pod, nonce string
	programs   map[string]program

	mu       sync.Mutex
	requests int64
}

func newInstance(pod string) *instance {
	return &instance{pod: pod, nonce: rand.Text(), programs: programs}
}

func (i *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/")
	start, known := i.programs[name]
	if name == "" {
		start, known = nothing, true
	}
	if !known {
		http.Error(w, fmt.Sprintf("there is no program %q", name), http.StatusNotFound)
		return
	}
	s, err := readSize(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	figures, err := start(r.Context(), s)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	i.requests++
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer{i.pod, i.nonce, i.requests, name, figures}) // a client that has gone has gone
}

// nothing is what GET / runs.
func nothing(context.Context, size) ([]figure.Figure, error) { return nil, nil }

// size is how much a program is to do.
type size struct{ requests, seconds int }

// mostSize bounds a size, so that no request keeps an instance busy for ever.
const mostSize = 10_000_000

func readSize(query url.Values) (size, error) {
	s := size{requests: 1000, seconds: 1}
	for name, field := range map[string]*int{"requests": &s.requests, "seconds": &s.seconds} {
		if !query.Has(name) {
			continue
		}
		n, err := strconv.Atoi(query.Get(name))
		if err != nil || n < 1 || n > mostSize {
			return s, fmt.Errorf("%s is %q: want a number from 1 to %d", name, query.Get(name), mostSize)
		}
		*field = n
	}
	return s, nil
}
