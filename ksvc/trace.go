package ksvc

import (
	"context"
	"time"
)

// Trace is told what happens to the services that CreateAll creates and Delete deletes, by
// their names. Its functions are called by several goroutines, and at once: what they need
// is the instant. All of them have to be set.
type Trace struct {
	// CreateSent and DeleteSent are called when the request goes out, and for each attempt
	// if there are several. What a request waits before, because this client bounds how
	// many it makes in a second, is over by then.
	CreateSent, DeleteSent func(service string)
	// Created is called when the API server has answered that the service was created.
	Created func(service string)
	// Deleted is called when the service is seen to be gone, and Gone when all is that
	// Knative made of it and Delete waits for. It was so at most within earlier.
	Deleted, Gone func(service string, within time.Duration)
}

type traceKey struct{}

// WithTrace has the trace told of what is created and deleted with the context.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// traceOf is the trace of the context; one that does nothing if there is none.
func traceOf(ctx context.Context) *Trace {
	if t, ok := ctx.Value(traceKey{}).(*Trace); ok {
		return t
	}
	ignored := func(string) {}
	lost := func(string, time.Duration) {}
	return &Trace{CreateSent: ignored, DeleteSent: ignored, Created: ignored, Deleted: lost, Gone: lost}
}

type sendingKey struct{}

// whenSent has sent called for each request with the context, when it goes out.
func whenSent(ctx context.Context, sent func(string), service string) context.Context {
	return context.WithValue(ctx, sendingKey{}, func() { sent(service) })
}

// sending calls what is to be called when the request with the context goes out.
func sending(ctx context.Context) {
	if sent, ok := ctx.Value(sendingKey{}).(func()); ok {
		sent()
	}
}
