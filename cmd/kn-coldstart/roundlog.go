package main

import (
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// roundLogPeriod is how often a round that goes on is told of.
const roundLogPeriod = 5 * time.Second

// roundLog tells how the rounds of a scale experiment go. Hundreds of samples are
// too many to tell one by one.
type roundLog struct {
	watch   *ksvc.Watch
	arrival string

	mu               sync.Mutex
	rounds           int
	cell             loadgen.Cell
	waiting          *progress
	began            time.Time
	answered, failed int
	stop             chan struct{}
}

func newRoundLog(watch *ksvc.Watch, arrival string) *roundLog {
	return &roundLog{watch: watch, arrival: arrival}
}

// announce begins a round; all of its services are awaited at zero next.
func (l *roundLog) announce(c loadgen.Cell) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rounds++
	l.cell, l.waiting = c, newProgress("waiting until all services are at zero")
	sayRound(l.rounds, c, l.arrival)
}

// zero tells of services at zero, when it takes a while.
func (l *roundLog) zero(done, total int) {
	if time.Since(l.waiting.start) > time.Second {
		l.waiting.update(done, total)
	}
}

// fire is when the first request is sent.
func (l *roundLog) fire(loadgen.Cell) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began, l.answered, l.failed, l.stop = time.Now(), 0, 0, make(chan struct{})
	go l.follow(l.stop)
}

func (l *roundLog) follow(stop <-chan struct{}) {
	tick := time.NewTicker(roundLogPeriod)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.tell()
		case <-stop:
			return
		}
	}
}

func (l *roundLog) tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	sayRoundState(l.cell, l.answered, l.failed, l.watch.Instances(l.cell.RuntimeClass), time.Since(l.began))
}

func (l *roundLog) sample(s record.Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.Failed() {
		l.failed++
	} else {
		l.answered++
	}
}

// fired is when each request was answered or has failed.
func (l *roundLog) fired(r loadgen.Round) {
	close(l.stop)
	l.tell()
	sayFired(r.Skew(), r.Skipped)
}
