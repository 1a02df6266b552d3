package load

import (
	"encoding/json"
	"time"
)

// scheduleMessage is a schedule on its way to another program, which does not have the file
// of a replay.
type scheduleMessage struct {
	Shape string        `json:"shape,omitempty"`
	Parts []partMessage `json:"parts"`
	File  string        `json:"file,omitempty"`
	Sum   string        `json:"sum,omitempty"`
}

type partMessage struct {
	From   float64       `json:"from"`
	To     float64       `json:"to"`
	Length time.Duration `json:"lengthNs,omitempty"`
}

// MarshalJSON writes the schedule with all that a pacer needs.
func (s Schedule) MarshalJSON() ([]byte, error) {
	m := scheduleMessage{Shape: s.shape, File: s.file, Sum: s.sum}
	for _, p := range s.parts {
		m.Parts = append(m.Parts, partMessage{p.from, p.to, p.length})
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Schedule) UnmarshalJSON(text []byte) error {
	var m scheduleMessage
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	*s = Schedule{shape: m.Shape, file: m.File, sum: m.Sum}
	for _, p := range m.Parts {
		s.parts = append(s.parts, part{p.From, p.To, p.Length})
	}
	return s.validate()
}
