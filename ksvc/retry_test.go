package ksvc

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

func TestParallelStops(t *testing.T) {
	broken := errors.New("broken")
	var calls atomic.Int64
	err := parallel(t.Context(), make([]int, 100), nil, func(context.Context, int) error { calls.Add(1); return broken })
	if !errors.Is(err, broken) || calls.Load() > inFlight+1 {
		t.Errorf("parallel = %v after %d calls, want broken at once", err, calls.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := parallel(ctx, make([]int, 100), nil, func(context.Context, int) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("parallel = %v under a context that has ended", err)
	}
}
