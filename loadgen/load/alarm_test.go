package load

import (
	"context"
	"testing"
	"time"
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
				if !a.wait(ctx, d) || time.Since(before) < d {
					t.Errorf("woke %v after %v", time.Since(before), d)
				}
			}
			time.AfterFunc(10*time.Millisecond, cancel)
			if before := time.Now(); a.wait(ctx, time.Hour) || time.Since(before) > 30*time.Second {
				t.Error("did not end with its context")
			}
		})
	}
}
