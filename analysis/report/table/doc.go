// Package table makes the tables of a summary, and draws a table as text or in
// GitHub's dialect of Markdown. Package report puts them one below the other, and
// package page puts them beside its charts.
//
// A function that is named for a part of a summary returns nil where the summary has
// no such part.
package table
