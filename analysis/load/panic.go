package load

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Panic is when the autoscaler was in its panic mode for the service.
type Panic struct {
	// Known says that it was read. If not, Unknown may say why.
	Known   bool   `json:"known"`
	Unknown string `json:"unknown,omitempty"`
	// Episodes are those that began before the load ended.
	Episodes []PanicEpisode `json:"episodes,omitempty"`
}

// PanicEpisode is one stretch of panic mode, in times since the load began, to a second or
// two. It may have begun before the load, and end after it.
type PanicEpisode struct {
	From time.Duration `json:"fromNs"`
	// To is nil if it was not seen to end.
	To *time.Duration `json:"toNs,omitempty"`
}

// panicOf follows the events of a service, which are in the order of time.
func panicOf(events []record.Event, begin, end time.Duration) Panic {
	var p Panic
	open := false
	for i := range events {
		e := &events[i]
		at := e.At - begin
		switch {
		case e.Kind == record.EventPanicUnread && e.At <= end && !p.Known:
			p.Unknown = e.Message
		case e.Kind != record.EventPanicMode || e.At > end && !open:
		case e.Value > 0 && !open:
			p.Known, open = true, true
			p.Episodes = append(p.Episodes, PanicEpisode{From: at})
		case e.Value == 0:
			p.Known = true
			if open {
				open, p.Episodes[len(p.Episodes)-1].To = false, &at
			}
		}
	}
	p.dropBefore()
	if p.Known {
		p.Unknown = ""
	}
	return p
}

// dropBefore drops the episodes that had ended when the load began.
func (p *Panic) dropBefore() {
	for len(p.Episodes) > 0 && p.Episodes[0].To != nil && *p.Episodes[0].To <= 0 {
		p.Episodes = p.Episodes[1:]
	}
}
