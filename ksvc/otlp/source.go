package otlp

import (
	"cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// source is who reports spans: a component of Knative, and the pod of a queue-proxy.
type source struct{ service, pod string }

// reporter is what a resource's attributes say of who reports.
type reporter struct{ container, k8sContainer, service, pod []byte }

// sourceOf reads from ResourceSpans who reports. A queue-proxy gives the name of the
// Knative Service that it belongs to, so the name of its container comes first: that is
// the same for all queue-proxies. Which pod it runs in is kept of queue-proxies only,
// because it tells which instance served a request.
func sourceOf(message []byte) (source, error) {
	var r reporter
	err := fields(message, func(f field) error {
		if f.number == 1 { // resource
			return r.readResource(f.bytes)
		}
		return nil
	})
	from := source{service: cmp.Or(text(r.container), text(r.k8sContainer), text(r.service), "unknown")}
	if from.service == record.QueueProxy {
		from.pod = text(r.pod)
	}
	return from, err
}

func (r *reporter) readResource(message []byte) error {
	return fields(message, func(f field) error {
		if f.number == 1 { // attributes
			return r.readAttribute(f.bytes)
		}
		return nil
	})
}

func (r *reporter) readAttribute(message []byte) error {
	var key, value []byte
	err := fields(message, func(f field) error {
		switch f.number {
		case 1:
			key = f.bytes
		case 2:
			return fields(f.bytes, func(v field) error {
				if v.number == 1 { // string_value
					value = v.bytes
				}
				return nil
			})
		}
		return nil
	})
	switch string(key) {
	case "container.name":
		r.container = value
	case "k8s.container.name":
		r.k8sContainer = value
	case "service.name":
		r.service = value
	case "k8s.pod.name":
		r.pod = value
	}
	return err
}
