// Package loadgen talks to the ingress: the first request, what became of it and
// when, and how requests that belong together arrive. Package load below it sends many
// requests to one service, and package experiment makes experiments of both.
//
// It knows nothing of Kubernetes, and it prints nothing. What may become different
// has one place: how a request looks is a Message, how it looks on the wire a
// Protocol, which answers are right an Expect, and when requests are due a row in the
// table of arrival patterns, which makes a vegeta.Pacer.
//
// One request has one outcome and is never tried again. A first request goes over a
// connection of its own; those of a load are sent one after the other over connections
// that stay open. Over HTTP/1.1 one goroutine stamps the run's clock, writes, and waits:
// net/http's transport hands a request from goroutine to goroutine, and with five
// hundred of them on two cores those hand-overs would be part of every latency. HTTP/2
// is a library's, which has such hand-overs. Instants of answers are the arrivals of
// their packets all the same.
package loadgen

import "github.com/kn-coldstart/kn-coldstart/analysis/record"

// name is a target's, for messages.
func name(t record.Target) string { return t.Namespace + "/" + t.Service }
