package ksvc

import (
	"io"
	"log/slog"

	"k8s.io/klog/v2"
)

// LogTo makes the client libraries of Kubernetes write what they log to w, a line at a
// time. They log to standard error by themselves, for the whole process.
func LogTo(w io.Writer) {
	klog.SetSlogLogger(slog.New(slog.NewTextHandler(w, nil)))
}
