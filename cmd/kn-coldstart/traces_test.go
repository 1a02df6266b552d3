package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/otlp"
)

func TestTracesAreOnWhereTheyCanBe(t *testing.T) {
	for _, c := range []struct {
		name     string
		args     []string
		embedded bool
		on       bool
		address  string
		err      string
	}{
		{"embedded node", nil, true, true, "198.18.0.1:0", ""},
		{"another cluster", nil, false, false, "", ""},
		{"embedded node, off", []string{"--traces=false"}, true, false, "", ""},
		{"embedded node, another address", []string{"--traces-address", "192.0.2.1:4318"}, true, true, "192.0.2.1:4318", ""},
		{"another cluster, with an address", []string{"--traces-address", "192.0.2.1:4318"}, false, true, "192.0.2.1:4318", ""},
		{"another cluster, without one", []string{"--traces"}, false, true, "", "--traces needs --traces-address"},
		{"an address but off", []string{"--traces=false", "--traces-address", "x"}, false, false, "x", ""},
		{"no port", []string{"--traces-address", "192.0.2.1"}, false, true, "192.0.2.1", "missing port"},
		{"all addresses", []string{"--traces-address", "0.0.0.0:4318"}, false, true, "0.0.0.0:4318", "names no address"},
		{"all addresses, IPv6", []string{"--traces-address", "[::]:4318"}, false, true, "[::]:4318", "names no address"},
		{"no host", []string{"--traces-address", ":4318"}, false, true, ":4318", "names no address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f traceFlags
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			f.register(flags)
			if err := flags.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			err := f.choose(flags, c.embedded)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
			if f.Traces != c.on || f.address != c.address {
				t.Errorf("traces %v at %q", f.Traces, f.address)
			}
		})
	}
}

func TestASessionTakesItsOwnSpansOnly(t *testing.T) {
	var got []string
	tr := &traces{prefix: randomHex(8), sink: func(s record.TraceSpan) { got = append(got, s.TraceID) }}
	first, second := tr.ids()(), tr.ids()()
	if form := regexp.MustCompile("^[0-9a-f]{32}$"); !form.MatchString(first) || !form.MatchString(second) || first == second {
		t.Errorf("ids %q, %q", first, second)
	}
	for _, id := range []string{first, randomHex(16), "", second} {
		tr.take(record.TraceSpan{TraceID: id})
	}
	if len(got) != 2 || got[0] != first || got[1] != second || tr.received.Load() != 2 {
		t.Errorf("took %q", got)
	}
}

func TestNoTracesCostNothing(t *testing.T) {
	var tr *traces
	if tr.ids() != nil || tr.finish(t.Context()) != nil || tr.restore(t.Context(), nil) != nil {
		t.Error("something is done without traces")
	}
}

// A run that failed before its first request does not wait for spans.
func TestNothingIsAwaitedBeforeTheFirstRequest(t *testing.T) {
	receiver, err := otlp.Listen("127.0.0.1:0", func(record.TraceSpan) {})
	if err != nil {
		t.Fatal(err)
	}
	tr := &traces{receiver: receiver}
	if err := tr.finish(t.Context()); err != nil {
		t.Error(err)
	}
	if err := tr.restore(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
