// Package analysis turns run files into results: which runtime class starts
// faster, by how much, and how sure that is.
//
// It is pure functions over the records of package record, with no cluster, no
// network and no clock, so that every table can be made again from the file.
// Its values carry what a reader must know to trust them: counts beside every
// quantile, intervals, and warnings as data. Package report draws them, package
// gate judges them, and package stat holds the arithmetic.
//
// The rules are those of a careful measurement. Only requests that are proven
// to be cold starts enter the quantiles, those that timed out as values over
// the client timeout. Requests that failed otherwise have no latency; they are
// counted by cause and stand beside. Nothing is dropped in silence.
package analysis
