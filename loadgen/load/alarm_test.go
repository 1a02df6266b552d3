package load

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Both alarms wake no earlier than they are to, again and again, and end with their
// context.
func TestAlarms(t *testing.T) {
	for name, create := range map[string]func(context.Context) (alarm, error){
		"kernel": newKernelTimer,
		"Go":     func(context.Context) (alarm, error) { return newTimer(), nil },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			a, err := create(ctx)
			if err != nil {
				t.Skip(err)
			}
			defer a.close()
			for _, d := range []time.Duration{time.Nanosecond, 300 * time.Microsecond, 5 * time.Millisecond} {
				before := time.Now()
				if err := a.wait(ctx, d); err != nil || time.Since(before) < d {
					t.Errorf("woke %v after %v: %v", time.Since(before), d, err)
				}
			}
			time.AfterFunc(10*time.Millisecond, cancel)
			if before := time.Now(); !errors.Is(a.wait(ctx, time.Hour), context.Canceled) || time.Since(before) > 30*time.Second {
				t.Error("did not end with its context")
			}
		})
	}
}

// A timer of the kernel that fails does not look like one that has rung, or like the end of
// its context.
func TestAKernelTimerThatFails(t *testing.T) {
	a, err := newKernelTimer(t.Context())
	if err != nil {
		t.Skip(err)
	}
	a.close()
	if err := a.wait(t.Context(), time.Millisecond); err == nil || t.Context().Err() != nil {
		t.Errorf("got error %v", err)
	}
}

// broken is an alarm that rings for a while, and then fails.
type broken struct {
	timer
	left int
}

func (b *broken) wait(ctx context.Context, d time.Duration) error {
	if b.left--; b.left < 0 {
		return os.ErrClosed
	}
	return b.timer.wait(ctx, d)
}

// A load whose alarm fails has not come to its end, and says so.
func TestAnAlarmThatFailsEndsTheLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, k := newWorld(), &kept{}
		ctx, stop := context.WithCancelCause(t.Context())
		err := w.loop(t, "100/s", 3*time.Second, k).run(ctx, &broken{newTimer(), 150}, stop)
		w.serving.Wait()
		sent := k.sum(func(i record.Interval) int { return i.Sent })
		if !errors.Is(err, os.ErrClosed) || sent != 150 {
			t.Errorf("%d requests were sent, %v", sent, err)
		}
	})
}
