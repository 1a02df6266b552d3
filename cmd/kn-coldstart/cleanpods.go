package main

import (
	"context"
	"errors"
	"time"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/incluster"
)

// cleanPods removes what is left of runs in pods. One that is under way counts as living; if
// it is to go all the same, it is asked to end first, so that it removes what it created.
func (f *cleanFlags) cleanPods(ctx context.Context, client *ksvc.Client) error {
	jobs, err := incluster.List(ctx, client, f.all)
	if err != nil {
		return err
	}
	var errs []error
	removed := 0
	for _, j := range jobs {
		taken, err := f.takesJob(ctx, client, j)
		if err != nil {
			errs = append(errs, err)
			continue
		}
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

// takesJob says whether the run is to be removed. One that has ended is not for as long as its
// run file may be in its log only.
func (f *cleanFlags) takesJob(ctx context.Context, client *ksvc.Client, j incluster.Job) (bool, error) {
	switch {
	case f.run != "":
		return j.Run == f.run, nil
	case f.allRuns:
		return true, nil
	case j.State != incluster.Ended:
		return false, nil
	case j.Finished.IsZero() || time.Since(j.Finished) > incluster.Kept:
		return true, nil
	}
	kept, err := incluster.HasLog(ctx, client, j)
	return !kept, err
}

func removeJob(ctx context.Context, client *ksvc.Client, j incluster.Job) error {
	if j.State != incluster.Ended {
		if err := incluster.End(ctx, client, j); err != nil {
			return err
		}
	}
	return incluster.Remove(ctx, client, j)
}
