package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
)

// This file is the host's part of handlers that users bring: it checks and copies their
// files. The supervisor's part is in changehandlers.go.

// ParseHandlers reads handlers of the user, as handler.Parse does. None has the name of a
// handler of the node itself.
func ParseHandlers(texts ...string) ([]handler.Handler, error) {
	return handler.ParseAll(texts, OwnHandlerNames())
}

// installHandlers copies the files of handlers into the state folder before the boot.
func (l Layout) installHandlers(ctx context.Context, handlers []handler.Handler, warn func(error)) error {
	var installed []handler.Handler
	for _, h := range handlers {
		h, err := l.installHandler(ctx, h, warn)
		if err != nil {
			return err
		}
		installed = append(installed, h)
	}
	if installed == nil {
		return nil
	}
	return handler.WriteList(l.handlerList(), installed)
}

func (l Layout) installHandler(ctx context.Context, h handler.Handler, warn func(error)) (handler.Handler, error) {
	for _, lack := range h.Lacks() {
		warn(errors.New(lack))
	}
	return h.Install(ctx, l.handlerFolder(h.Name), l.Bin("containerd-shim-runc-v2"))
}

// How long a change of the handlers may take. To remove one can mean to wait for pods that
// do not want to end.
const (
	addLimit    = 2 * time.Minute
	removeLimit = 4 * time.Minute
)

// AddHandler adds a handler to the node that runs in the state folder, and returns it with
// its version and checksums. Pods go on meanwhile. If it fails, the node is as before.
func AddHandler(ctx context.Context, l Layout, h handler.Handler, options ChangeOptions) (handler.Handler, error) {
	release, err := l.holdUp(ctx, Changes, options.OnWait)
	if err != nil {
		return h, err
	}
	defer release()
	present, err := l.HandlerNames()
	if err != nil {
		return h, err
	}
	if slices.Contains(present, h.Name) {
		return h, fmt.Errorf("the node has a handler %s already; to replace it, remove it first: kn-coldstart cluster remove-handler %s", h.Name, h.Name)
	}
	// An add that was killed may have left files.
	if err := os.RemoveAll(l.handlerFolder(h.Name)); err != nil {
		return h, err
	}
	installed, err := l.installHandler(ctx, h, options.OnWarning)
	if err != nil {
		return h, err
	}
	var nothing any
	if err := l.change(ctx, options, addLimit, http.MethodPost, "/handlers", installed, &nothing); err != nil {
		return h, errors.Join(fmt.Errorf("add handler %s: %w", h.Name, err), os.RemoveAll(l.handlerFolder(h.Name)))
	}
	return installed, nil
}

// ChangeOptions are the options of AddHandler and RemoveHandler.
type ChangeOptions struct {
	// OnWait is called if another command has the lock, see Holder.
	OnWait func(Holder)
	// OnWarning is called with what does not keep the change from being made.
	OnWarning func(error)
	// OnInterrupt is called if the context ends while the node changes its handlers. The
	// change goes on to its end.
	OnInterrupt func()
}

// change has the supervisor change its handlers, and awaits the end of that also when ctx
// ends: until then nobody else may have the lock.
func (l Layout) change(ctx context.Context, options ChangeOptions, limit time.Duration, method, path string, body, into any) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	stop := context.AfterFunc(ctx, options.OnInterrupt)
	defer stop()
	return l.call(context.WithoutCancel(ctx), limit, method, path, body, into)
}

// RemoveHandler removes a handler that the user has added, with its pods and with every
// process that it has left. It returns what there was.
func RemoveHandler(ctx context.Context, l Layout, name string, options ChangeOptions) (Leftovers, error) {
	var left Leftovers
	if slices.Contains(OwnHandlerNames(), name) {
		return left, fmt.Errorf("%s is a handler of the node itself, and stays", name)
	}
	release, err := l.holdUp(ctx, Changes, options.OnWait)
	if err != nil {
		return left, err
	}
	defer release()
	users, err := handler.ReadList(l.handlerList())
	if err != nil {
		return left, err
	}
	if names := handler.Names(users); !slices.Contains(names, name) {
		return left, fmt.Errorf("no handler %q was added to the node; added were: %s", name, strings.Join(append(names, "no others"), ", "))
	}
	if err := l.change(ctx, options, removeLimit, http.MethodDelete, "/handlers/"+name, nil, &left); err != nil {
		return left, fmt.Errorf("remove handler %s: %w", name, err)
	}
	return left, os.RemoveAll(l.handlerFolder(name))
}
