package main

import (
	"context"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	sampling "github.com/kn-coldstart/kn-coldstart/ksvc/usage"
)

// sampleUsage begins to write down what the nodes and the instances use.
func (s *session) sampleUsage(ctx context.Context) *sampling.Sampler {
	return sampling.Start(ctx, sampling.Options{
		Client: s.client, Clock: s.clock, Instances: s.watch.Alive, OnEvent: s.event,
		Emit: func(r record.Resource) {
			if err := s.writer.Resource(r); err != nil {
				sayWarning("%v", err)
			}
		},
	})
}
