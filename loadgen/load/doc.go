// Package load sends requests to one service at a rate, whether earlier ones were
// answered or not: an open loop.
//
// A Schedule says when requests are due, a Loop sends them, and a Tally puts what became
// of them into one record.Interval for each second. Latency counts from when a request
// was due, not from when it was sent, and it belongs to the second in which the request
// was due. So a service that stalls for five seconds shows in every request that was to
// be answered meanwhile, and not in one of them alone, as it would in a loop that waits
// for an answer before it sends the next request.
//
// What a run needs of memory grows with the seconds whose requests are not all answered
// yet, which the client's timeout bounds, and not with the requests.
package load
