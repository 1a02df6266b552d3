// Package analysis turns run files into results: which runtime class starts faster,
// by how much, and how sure that is.
//
// It has pure functions over the records of package record, with no cluster, no
// network and no clock, so that every table can be made again from the file. Its values
// have what a reader must know to trust them: counts beside every quantile, intervals,
// and warnings as data.
//
// A cell is the results of one record.Key: of one class, or one side of it, at one
// number of services. A Summary has the cells of the runs. Package round says what
// became of the rounds in them, package load what became of loads, package stat does the arithmetic, package gate judges,
// package report draws, and package hist keeps latencies as HDR histograms.
//
// Only requests that are proven to be cold starts enter the quantiles. Those that timed
// out enter as values over the client timeout. Requests that failed otherwise have no
// latency; they are counted by outcome beside the quantiles. Nothing is left out without
// a count or a warning.
package analysis
