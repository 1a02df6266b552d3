package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/cri"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
)

// containerd reads its handlers once, when it starts. So a change means to write its
// configuration and to start it again. Pods do not notice: each has a shim, which is a
// process of its own and outlives containerd, and the kubelet calls a node not ready only
// when containerd has not answered for 30 s.
const (
	// containerdGrace is how long containerd may take to end.
	containerdGrace = 5 * time.Second
	// containerdStart is how long it may take to know its handlers. With hundreds of pods
	// it has to find all of them again.
	containerdStart = 20 * time.Second
)

// addHandler adds a handler whose files are in place. If it fails, the node has the
// handlers that it had.
func (b *boot) addHandler(ctx context.Context, h handler.Handler) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	if err := b.checkSnapshotter(ctx, h); err != nil {
		return err
	}
	before, err := handler.ReadList(b.handlerList())
	if err != nil {
		return err
	}
	err = b.useHandlers(ctx, append(slices.Clone(before), h))
	if err == nil {
		err = createRuntimeClasses(ctx, b.client, []handler.Handler{h})
	}
	if err != nil {
		undone := b.useHandlers(context.WithoutCancel(ctx), before)
		_, killed := killProcesses(b.handlerFolder(h.Name), nil) // of what containerd has asked it
		return errors.Join(err, undone, killed)
	}
	return nil
}

// removeHandler removes a handler of the user, and returns what it had left.
func (b *boot) removeHandler(ctx context.Context, name string) (Leftovers, error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	err := b.client.NodeV1().RuntimeClasses().Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return Leftovers{}, fmt.Errorf("delete RuntimeClass %s: %w", name, err)
	}
	left, err := b.clearHandler(ctx, name)
	if err != nil {
		return left, err
	}
	users, err := handler.ReadList(b.handlerList())
	if err != nil {
		return left, err
	}
	return left, b.useHandlers(ctx, slices.DeleteFunc(users, func(h handler.Handler) bool { return h.Name == name }))
}

// useHandlers makes these the handlers of the user, and returns when containerd knows them.
func (b *boot) useHandlers(ctx context.Context, users []handler.Handler) error {
	if err := handler.WriteList(b.handlerList(), users); err != nil {
		return err
	}
	if err := b.writeContainerdConfig(); err != nil {
		return err
	}
	daemon := b.containerd()
	if err := b.group.Restart(ctx, daemon.Name, containerdGrace); err != nil {
		return err
	}
	want, err := b.HandlerNames()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, containerdStart)
	defer cancel()
	if err := b.awaitHandlers(ctx, want); err != nil {
		return fmt.Errorf("wait up to %s until containerd has the handlers %s: %w", containerdStart, strings.Join(want, ", "), err)
	}
	return nil
}

// awaitHandlers waits until containerd answers the kubelet's questions, and knows these
// handlers and no others.
func (b *boot) awaitHandlers(ctx context.Context, want []string) error {
	client, err := cri.Open(b.ContainerdSocket())
	if err != nil {
		return err
	}
	defer client.Close()
	want = slices.Sorted(slices.Values(want))
	return until(ctx, 50*time.Millisecond, func(ctx context.Context) error {
		has, err := client.Handlers(ctx)
		if err != nil {
			return err
		}
		if slices.Sort(has); !slices.Equal(has, want) {
			return fmt.Errorf("it has %s", strings.Join(has, ", "))
		}
		return nil
	})
}

// checkSnapshotters checks the snapshotters of the handlers with which the node boots.
func (b *boot) checkSnapshotters(ctx context.Context) error {
	users, err := handler.ReadList(b.handlerList())
	for _, h := range users {
		if err := b.checkSnapshotter(ctx, h); err != nil {
			return err
		}
	}
	return err
}

// checkSnapshotter returns an error for a handler that wants a snapshotter which containerd
// does not have.
func (b *boot) checkSnapshotter(ctx context.Context, h handler.Handler) error {
	if h.Snapshotter == "" {
		return nil
	}
	client, err := cri.Open(b.ContainerdSocket())
	if err != nil {
		return err
	}
	defer client.Close()
	all, err := client.Snapshotters(ctx)
	if err != nil {
		return err
	}
	return wantSnapshotter(all, h)
}

// wantSnapshotter looks for the handler's snapshotter among those that containerd is built
// with, each of which may have a reason why it does not work.
func wantSnapshotter(all map[string]error, h handler.Handler) error {
	reason, known := all[h.Snapshotter]
	if known && reason != nil {
		return fmt.Errorf("handler %s: containerd's snapshotter %s does not work on this node: %w", h.Name, h.Snapshotter, reason)
	}
	if known {
		return nil
	}
	var working []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] == nil {
			working = append(working, name)
		}
	}
	return fmt.Errorf("handler %s: containerd has no snapshotter %s; it has %s", h.Name, h.Snapshotter, strings.Join(working, ", "))
}
