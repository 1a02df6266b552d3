package handler

import (
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The annotations in which kn-coldstart looks for what Kubernetes has no field for: the
// version of a handler, the checksums of its files, and its other settings. They are part
// of the fingerprint of each run.
const (
	annotationVersion   = "kn-coldstart.dev/handler-version"
	annotationChecksums = "kn-coldstart.dev/handler-checksums"
	annotationSettings  = "kn-coldstart.dev/handler-settings"
)

// RuntimeClass is the RuntimeClass by which pods ask for the handler.
func (h Handler) RuntimeClass() *nodev1.RuntimeClass {
	class := &nodev1.RuntimeClass{
		ObjectMeta: metav1.ObjectMeta{Name: h.Name, Annotations: map[string]string{annotationVersion: h.Version}},
		Handler:    h.Name,
	}
	if h.Checksums != "" {
		class.Annotations[annotationChecksums] = h.Checksums
	}
	if h.Settings != "" {
		class.Annotations[annotationSettings] = h.Settings
	}
	if h.Overhead != nil {
		class.Overhead = &nodev1.Overhead{PodFixed: h.Overhead}
	}
	return class
}
