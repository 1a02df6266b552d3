// Package load says what became of a load: how long requests took, second by second, and
// how many instances there were meanwhile.
//
// A request that failed, and one that was due and not sent, is slower than any that was
// answered. All quantiles are over the requests that were due. Those of a second, and of
// the whole load, are to the three digits of its histograms.
package load
