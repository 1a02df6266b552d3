package main

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

func TestTracesAreOffUnlessAskedFor(t *testing.T) {
	for _, c := range []struct {
		name     string
		args     []string
		embedded bool
		on       bool
		address  string
		err      string
	}{
		{"embedded node", nil, true, false, "", ""},
		{"embedded node, on", []string{"--traces"}, true, true, "198.18.0.1:0", ""},
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
			e := experiment.Single{Iterations: 1, Setup: experiment.Setup{
				Classes: []record.Class{{Name: "runc", Image: "x"}},
				Service: experiment.Service{StableWindow: 6 * time.Second, ClientTimeout: time.Second},
			}}
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			registerTraces(flags, &e.Traces)
			if err := flags.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			chooseTraces(flags, &e.Traces, c.embedded)
			err := flagError(e.Validate())
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
			if e.Traces.On != c.on || e.Traces.Address != c.address {
				t.Errorf("traces %v at %q", e.Traces.On, e.Traces.Address)
			}
		})
	}
}
