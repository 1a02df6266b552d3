package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// serviceFlags are the settings of the services under test.
type serviceFlags struct {
	StableWindow  time.Duration     `json:"stableWindowNs"`
	ClientTimeout time.Duration     `json:"clientTimeoutNs"`
	Env           map[string]string `json:"env,omitempty"`
	Requests      map[string]string `json:"requests,omitempty"`
	Limits        map[string]string `json:"limits,omitempty"`
}

func (f *serviceFlags) register(flags *pflag.FlagSet) {
	flags.DurationVar(&f.StableWindow, "stable-window", f.StableWindow, "the autoscaler's stable window of each service, 6s to 1h")
	flags.DurationVar(&f.ClientTimeout, "client-timeout", f.ClientTimeout, "how long the client waits for an answer")
	flags.StringToStringVar(&f.Env, "env", nil, "environment of the function, as NAME=VALUE; repeatable")
	flags.StringToStringVar(&f.Requests, "request", nil, "resources that an instance requests, as cpu=100m,memory=64Mi")
	flags.StringToStringVar(&f.Limits, "limit", nil, "resources that limit an instance, as cpu=1,memory=128Mi")
}

// shortestWindow is the shortest stable window that Knative takes.
const shortestWindow = 6 * time.Second

func (f *serviceFlags) validate() error {
	if f.ClientTimeout <= 0 {
		return fmt.Errorf("--client-timeout is %v: it must be positive", f.ClientTimeout)
	}
	if f.StableWindow < shortestWindow || f.StableWindow > time.Hour {
		return fmt.Errorf("--stable-window is %v: Knative takes 6s to 1h", f.StableWindow)
	}
	return nil
}

// zeroTimeout is how long a service may take to come back to zero: its window,
// and what Knative and the kubelet need at worst.
func (f *serviceFlags) zeroTimeout() time.Duration { return f.StableWindow + 5*time.Minute }

// servicesInTurn is how many services of a class take turns so that a run of some
// iterations need not wait for zero.
func (f *serviceFlags) servicesInTurn(ctx context.Context, client *ksvc.Client, classes, iterations int) int {
	grace, err := client.GracePeriod(ctx)
	if err != nil {
		grace = ksvc.DefaultGracePeriod // Preflight says what is wrong
	}
	return loadgen.ServicesPerClass(f.StableWindow, grace, classes, iterations)
}

// services are those of each class of a session from the from-th up to the n-th.
func (f *serviceFlags) services(s *session, from, n int) []templates.Service {
	var all []templates.Service
	for i := from; i < n; i++ {
		for _, class := range s.header.Classes {
			all = append(all, f.service(s, class, i))
		}
	}
	return all
}

// service is the i-th of a class.
func (f *serviceFlags) service(s *session, class record.Class, i int) templates.Service {
	return templates.Service{
		Name: ksvc.ServiceName(s.header.RunID, class.Name, i), RuntimeClass: class.Name, Image: class.Image,
		Env: f.Env, Requests: f.Requests, Limits: f.Limits, StableWindow: f.StableWindow,
		Timeout: f.revisionTimeout(s.maxTimeout),
	}
}

// revisionTimeout keeps Knative's own 504 from coming before the client gives up,
// as far as the cluster lets it; the checks have warned where it does not.
func (f *serviceFlags) revisionTimeout(most time.Duration) time.Duration {
	return min(f.ClientTimeout.Truncate(time.Second)+2*time.Second, most)
}

// recorded are a command's options as the settings in a run file's header.
func recorded(options any) (s record.Settings, err error) {
	b, err := json.Marshal(options)
	if err != nil {
		return s, fmt.Errorf("encode settings: %w", err)
	}
	return s, json.Unmarshal(b, &s)
}
