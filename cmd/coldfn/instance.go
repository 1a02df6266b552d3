package main

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"
)

// answer is the body of every answer; record.Function reads it. Instants are
// Unix nanoseconds of this process's wall clock, zero where they are not known.
type answer struct {
	Pod                      string `json:"pod"`
	Nonce                    string `json:"nonce"`
	ProcessStarted           int64  `json:"processStartedUnixNs"`
	ProcessStartedResolution int64  `json:"processStartedResolutionNs"`
	MainEntered              int64  `json:"mainEnteredUnixNs"`
	Listening                int64  `json:"listeningUnixNs"`
	Answered                 int64  `json:"answeredUnixNs"`
	Requests                 int64  `json:"requests"`
}

// instance answers requests and counts them.
type instance struct {
	// birth holds what every answer has in common.
	birth answer
	fault fault
	// every is on which requests the fault strikes: 0 is the first.
	every int64
	// delay is how long each answer takes.
	delay    time.Duration
	requests atomic.Int64
	// stalledUntil is when a stall ends, in Unix nanoseconds.
	stalledUntil atomic.Int64
}

func newInstance(pod string, entered, listening time.Time, f fault) *instance {
	i := &instance{fault: f, birth: answer{
		Pod:         pod,
		Nonce:       rand.Text(),
		MainEntered: entered.UnixNano(),
		Listening:   listening.UnixNano(),
	}}
	if started, ok := processStarted(entered); ok {
		i.birth.ProcessStarted = started.UnixNano()
		i.birth.ProcessStartedResolution = int64(tick)
	}
	return i
}

func (i *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := i.birth
	a.Requests = i.requests.Add(1)
	if i.strikes(a.Requests) && i.strike(w, r, &a) {
		return
	}
	time.Sleep(time.Until(time.Unix(0, i.stalledUntil.Load())))
	time.Sleep(i.delay)
	a.Answered = time.Now().UnixNano()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(a) // a client that has gone has gone
}
