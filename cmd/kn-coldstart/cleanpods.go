package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/incluster"
)

// cleanPods removes what is left of runs in pods. One that is under way counts as living; if
// it is to go all the same, it is asked to end first, so that it removes what it created.
func (f *cleanFlags) cleanPods(ctx context.Context, client *ksvc.Client) error {
	if err := client.Reach(ctx); err != nil {
		return fmt.Errorf("look for runs in pods: %w", err)
	}
	jobs, err := incluster.List(ctx, client, f.all)
	if err != nil {
		return err
	}
	var errs []error
	removed := 0
	for _, j := range jobs {
		taken := f.takesJob(j)
		sayJobLeft(j, taken)
		if !taken {
			continue
		}
		if err := removeJob(ctx, client, j); err != nil {
			errs = append(errs, err)
			continue
		}
		removed++
	}
	printJobsCleaned(removed)
	return errors.Join(errs...)
}

// takesJob says whether the run is to be removed.
func (f *cleanFlags) takesJob(j incluster.Job) bool {
	if f.run != "" {
		return j.Run == f.run
	}
	return f.allRuns || j.State == incluster.Ended
}

func removeJob(ctx context.Context, client *ksvc.Client, j incluster.Job) error {
	if j.State != incluster.Ended {
		if err := incluster.End(ctx, client, j); err != nil {
			return err
		}
	}
	return incluster.Remove(ctx, client, j)
}
