package main

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/clipperhouse/displaywidth"

	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/headway"
)

// This file is part of ui.go: standard error as lines, and below them, on a terminal, a
// block of two lines that is redrawn while a run goes on.
//
//	checking the cluster at https://198.18.0.2:6443           lines stay
//	warning: …
//	12/93 done · 0 failed · 24.1/min · about 3m22s left · …   the status
//	[12/93] gvisor       1.203s  ok  cold                     what was told last
//
// The block is drawn by a goroutine of its own, at most every redrawEvery. The ones that
// measure leave behind what there is to draw and go on: they wait for the terminal only
// for a line that stays.

// progressMode is how a run says how far it is.
type progressMode string

const (
	// progressPlain is a line for everything that is told. It is the zero value.
	progressPlain   progressMode = ""
	progressRedrawn progressMode = "redrawn"
	progressJSON    progressMode = "json"
	progressNone    progressMode = "none"
)

// redrawEvery and objectEvery are how often progress is told to people and to machines.
const (
	redrawEvery = 200 * time.Millisecond
	objectEvery = time.Second
)

// screen is what is on standard error. Its zero value shows plain lines.
type screen struct {
	// mu is held while something is written, text by who leaves something to be drawn.
	mu   sync.Mutex
	rows int    // of the block on the screen
	kept string // the block

	text sync.Mutex
	mode progressMode
	last string
}

func (s *screen) how() progressMode {
	s.text.Lock()
	defer s.text.Unlock()
	return s.mode
}

// use sets how progress is told from now on.
func (s *screen) use(m progressMode) {
	s.text.Lock()
	defer s.text.Unlock()
	s.mode, s.last = m, ""
}

// latest takes the place of what was told last.
func (s *screen) latest(text string) {
	s.text.Lock()
	defer s.text.Unlock()
	s.last = text
}

// line writes a line that stays, above the block if there is one.
func (s *screen) line(colour, mark, text string) {
	if s.how() == progressJSON {
		s.object(messageOf(mark, text))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	writeStderr(s.erasing() + paint(colour, mark) + text + "\n" + s.kept)
}

// erasing moves to where the block begins, and clears the screen from there.
func (s *screen) erasing() string {
	if s.rows == 0 {
		return ""
	}
	return "\r" + strings.Repeat("\x1b[A", s.rows-1) + "\x1b[J"
}

// draw shows the block of a state in the width, if it is another one than before.
func (s *screen) draw(state headway.State, width int) {
	s.text.Lock()
	rows := []string{state.Status(width - 1), s.last}
	s.text.Unlock()
	for i := range rows {
		rows[i] = cut(harmless(rows[i]), width-1) // in the last column a terminal may go on to the next row
	}
	block := strings.Join(rows, "\n")
	s.mu.Lock()
	defer s.mu.Unlock()
	if block == s.kept {
		return
	}
	writeStderr(s.erasing() + block)
	s.kept, s.rows = block, len(rows)
}

// erase takes the block away.
func (s *screen) erase() {
	s.mu.Lock()
	defer s.mu.Unlock()
	writeStderr(s.erasing())
	s.kept, s.rows = "", 0
}

// abandon is erase for who cannot wait until the terminal takes what is written to it.
func (s *screen) abandon() {
	if s.mu.TryLock() {
		defer s.mu.Unlock()
		writeStderr(s.erasing())
	}
}

// cut is the first line of a text, as far as it fits on any terminal.
func cut(text string, width int) string {
	text, _, _ = strings.Cut(text, "\n")
	columns, fits := 0, 0
	for characters := displaywidth.StringGraphemes(text); characters.Next(); {
		columns += mostColumns(characters.Value())
		if columns > width {
			return text[:fits] + "…"
		}
		if columns < width { // with room for the mark
			fits += len(characters.Value())
		}
	}
	return text
}

// mostColumns is how many columns a character takes at most. What consists of several code
// points, such as a family, is one picture on some terminals and several on others.
func mostColumns(character string) int {
	each := 0
	for _, r := range character {
		each += displaywidth.Rune(r)
	}
	return max(each, displaywidth.String(character))
}

// typeMessage is the Type of a message.
const typeMessage = "message"

// message is a line for people, for machines.
type message struct {
	Type string    `json:"type"`
	Time time.Time `json:"time"`
	// Level is "info", "hint", "warning" or "error".
	Level string `json:"level"`
	Text  string `json:"text"`
}

func messageOf(mark, text string) message {
	level := strings.TrimSuffix(mark, ": ")
	if hint, found := strings.CutPrefix(text, "hint: "); found {
		level, text = "hint", hint
	}
	if level == "" {
		level = "info"
	}
	return message{typeMessage, time.Now(), level, strings.TrimSpace(text)}
}

// object writes a line for machines.
func (s *screen) object(v any) {
	text, _ := json.Marshal(v) // all that is written here can be
	s.mu.Lock()
	defer s.mu.Unlock()
	writeStderr(string(text) + "\n")
}

// follow tells how far a run is until stop is called.
func (s *screen) follow(t *headway.Tally) (stop func()) {
	mode := s.how()
	switch mode {
	case progressRedrawn:
		return every(redrawEvery, func(last bool) {
			if last {
				s.erase()
				s.use(progressPlain)
			} else if width := terminalWidth(); width > 0 {
				s.draw(t.State(), width)
			}
		})
	case progressJSON:
		return every(objectEvery, func(last bool) {
			state := t.State()
			state.Ended = last
			s.object(state)
		})
	}
	return func() {}
}

// every calls a function time and again from a goroutine of its own, and a last time once
// stop is called, which waits for that.
func every(period time.Duration, f func(last bool)) (stop func()) {
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				f(false)
			case <-stopped:
				f(true)
				return
			}
		}
	}()
	return sync.OnceFunc(func() { close(stopped); <-done })
}
