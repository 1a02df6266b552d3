package dashboard

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// scraped is when the samples of golden files are from.
var scraped = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// sample is one value.
type sample struct {
	at    time.Time
	value float64
}

func (s sample) T() int64                      { return s.at.UnixMilli() }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.value }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }

// series is what one line of OpenMetrics says, each time that it was read.
type series struct {
	labels  labels.Labels
	samples []sample
}

// chunk are the samples as Prometheus takes them.
func (s series) chunk() []chunks.Sample {
	var all []chunks.Sample
	for _, one := range s.samples {
		all = append(all, one)
	}
	return all
}

// database is what Prometheus would have after it had scraped the files, each as a job of
// its own.
type database []series

// scrape reads the golden files of package report with Prometheus' parser for OpenMetrics.
func scrape(t *testing.T) database {
	t.Helper()
	files, err := filepath.Glob("../../analysis/report/testdata/*.openmetrics.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	var all database
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		one, err := parse(text, filepath.Base(file))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, one...)
	}
	return all
}

func parse(text []byte, job string) (database, error) {
	p, err := textparse.New(text, "application/openmetrics-text", labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return nil, err
	}
	var all database
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var found labels.Labels
		p.Labels(&found)
		_, _, value := p.Series()
		all = append(all, series{labels.NewBuilder(found).Set("job", job).Labels(), []sample{{scraped, value}}})
	}
}

// Querier implements storage.Queryable.
func (d database) Querier(_, _ int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
		set := &found{SeriesSet: storage.EmptySeriesSet()}
		for _, s := range d {
			if matches(s.labels, matchers) {
				set.left = append(set.left, storage.NewListSeries(s.labels, s.chunk()))
			}
		}
		return set
	}}, nil
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// found is a storage.SeriesSet. The one in it is empty, and says that there is no error.
type found struct {
	storage.SeriesSet
	left []storage.Series
	at   storage.Series
}

func (f *found) Next() bool {
	if len(f.left) == 0 {
		return false
	}
	f.at, f.left = f.left[0], f.left[1:]
	return true
}

func (f *found) At() storage.Series { return f.at }

// ask evaluates a query with Prometheus' engine, so long after the scrape.
func (d database) ask(ctx context.Context, query string, later time.Duration) (promql.Vector, error) {
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{})})
	defer engine.Close()
	q, err := engine.NewInstantQuery(ctx, d, nil, query, scraped.Add(later))
	if err != nil {
		return nil, err
	}
	defer q.Close()
	answer, err := q.Exec(ctx).Vector()
	return append(promql.Vector{}, answer...), err
}
