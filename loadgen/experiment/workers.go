package experiment

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/worker"
)

// Workers say whether workers in the cluster send the requests, in place of this program,
// which then leads them.
type Workers struct {
	// Count is how many there are. With zero this program sends all requests itself.
	Count int
	// Image is that of this program.
	Image string
	// NodeSelector are labels of the nodes on which they may run.
	NodeSelector map[string]string
}

func (w *Workers) validate(s *Setup) error {
	var p problems
	p.atLeast("workers", w.Count, 0)
	switch {
	case w.Count == 0 && (w.Image != "" || len(w.NodeSelector) > 0):
		p.option("workers", "is 0: --worker-image and --worker-node-selector are for workers")
	case w.Count > 0 && w.Image == "":
		p.option("worker-image", "is missing: name the image of kn-coldstart")
	case w.Count > 0 && s.Request.Scheme == record.HTTPS && len(s.Request.CA) == 0 && !s.Request.Insecure:
		p.option("workers", "with https need --ca-file or --insecure-skip-verify: their image knows no authorities")
	}
	if w.Count > 0 && s.IngressAddress != "" && leadsBack(s.IngressAddress) {
		p.option("ingress-address", "is %s, where a worker reaches only its own pod: name one that pods reach, too, or leave it out and use --in-cluster", s.IngressAddress)
	}
	return p.err()
}

// leadsBack says whether an address, HOST[:PORT], leads whoever connects to it back to the
// computer or the pod that it is on. A name is not resolved here; the cluster's own checks see
// where it leads.
func leadsBack(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return ip.IsLoopback() || ip.IsUnspecified() // to connect to 0.0.0.0 is to connect to oneself
	}
	// https://www.rfc-editor.org/rfc/rfc6761#section-6.3
	name := "." + strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "" || strings.HasSuffix(name, ".localhost")
}

func (w *Workers) recordTo(s *record.Settings) {
	s.Workers, s.WorkerImage, s.WorkerNodeSelector = w.Count, w.Image, w.NodeSelector
}

// employer is an experiment whose requests workers may send.
type employer interface {
	// workforce says which.
	workforce() record.Workers
}

// hired are the workers for a run, in which others take the places of those that are lost,
// or not.
func (w *Workers) hired(replaced bool) record.Workers {
	return record.Workers{Count: w.Count, Image: w.Image, NodeSelector: w.NodeSelector, Replaced: replaced}
}

func (e *Single) workforce() record.Workers { return e.Workers.hired(true) }

func (e *Existing) workforce() record.Workers { return e.Workers.hired(true) }

func (e *Scale) workforce() record.Workers { return e.Workers.hired(true) }

// A load goes on without a worker that is lost, and is then over.
func (e *Load) workforce() record.Workers { return e.Workers.hired(false) }

// WorkersOf says which workers an experiment wants.
func WorkersOf(e Experiment) record.Workers {
	if e, ok := e.(employer); ok {
		return e.workforce()
	}
	return record.Workers{}
}

// hire starts the workers that an experiment wants.
func (s *session) hire(ctx context.Context, w record.Workers) error {
	if w.Count == 0 {
		return nil
	}
	s.hired = w
	if err := s.cluster.StartWorkers(ctx, s.header.RunID, w); err != nil {
		return err
	}
	s.team = worker.New(s.guard.ctx, s.clock, s.event, s.cluster.WorkerTransport, s.cluster.WorkerState)
	s.team.Refill = s.refill
	workers, err := s.staff(ctx)
	if err != nil {
		return err
	}
	return s.team.Join(ctx, workers)
}

// staff are the workers once all are Ready, those too that replace others.
func (s *session) staff(ctx context.Context) ([]record.Worker, error) {
	return s.cluster.AwaitWorkers(ctx, s.header.RunID, s.progress("waiting for workers to be Ready"), func(why string) {
		s.observer.See(Warning{"still waiting for workers: " + why})
	})
}

// refill has others take the places of workers that were lost. If they do not come, the rest does
// the work, and nobody is waited for any more: they would not come the next time either.
func (s *session) refill(ctx context.Context) {
	if s.short || s.team.Size() == s.hired.Count {
		return
	}
	err := s.replace(ctx)
	if err == nil || ctx.Err() != nil {
		return
	}
	s.short = true
	why := "the others are not replaced: " + err.Error()
	if !s.hired.Replaced {
		why = "in a load nobody takes the place of one that is lost"
	}
	s.observer.See(Warning{fmt.Sprintf("%d of %d workers are left to go on with: %s", s.team.Size(), s.hired.Count, why)})
}

// A worker that is Ready may not be there: it is Ready until its kubelet says otherwise, or until
// nothing was heard of its node for 40 seconds. So reachLimit is how long it is tried. Of those
// that nobody replaces it can only be that they are reached once more.
const (
	reachLimit = time.Minute
	reachAgain = 15 * time.Second
)

// replace waits for the workers that replace others, and takes them in.
func (s *session) replace(ctx context.Context) error {
	if !s.hired.Replaced {
		short, cancel := context.WithTimeout(ctx, reachAgain)
		defer cancel()
		ctx = short
	}
	for began := s.clock.Now(); ; {
		workers, err := s.staff(ctx)
		if err != nil {
			return err
		}
		if err = s.team.Join(ctx, workers); err == nil || s.clock.Now()-began > reachLimit {
			return err
		}
		if pause(ctx, askAgain) != nil {
			return err
		}
	}
}

// dismiss compares the clocks of the workers once more. Its error says what lost workers have
// left undone, unless cause says so already.
func (s *session) dismiss(ctx context.Context, cause error) error {
	if s.team == nil {
		return nil
	}
	if err := s.team.Compare(ctx); err != nil && ctx.Err() == nil {
		s.observer.See(Warning{err.Error()})
	}
	if isLoss(cause) {
		return nil
	}
	if err := s.team.Lost(); err != nil {
		return fmt.Errorf("the run is not complete: %w", err)
	}
	return nil
}

// isLoss says that an error is about a worker that was lost.
func isLoss(err error) bool {
	var lost *worker.LostError
	return errors.As(err, &lost)
}
