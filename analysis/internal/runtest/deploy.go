package runtest

import (
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Deploy adds a batch of services of a class that were deployed and removed: one for each
// time, which is what it took from the request until it was Ready. Requests are sent 10 ms
// apart. It was routable 50 ms after that, to within 20 ms, and its parts were Ready before.
// Of a time that is zero the service never was. Removing each took half of its time.
func (b *Builder) Deploy(class string, batch record.Batch, times ...time.Duration) *Builder {
	batch.Services = max(batch.Services, len(times))
	batch.Together = max(batch.Together, batch.Services)
	begin := b.now + time.Second
	for i, took := range times {
		service := fmt.Sprintf("cs-%s-%d", class, len(b.run.Deployments))
		b.line(deployment(class, service, batch, begin+time.Duration(i)*10*time.Millisecond, took))
		b.now = max(b.now, begin+took)
	}
	begin = b.now + time.Second
	for i, took := range times {
		d := b.run.Deployments[len(b.run.Deployments)-len(times)]
		at := begin + time.Duration(i)*10*time.Millisecond
		d.Type, d.ServerSteps, d.Failure, d.RouteUnknown = record.TypeRemoval, nil, "", ""
		d.Steps = []record.DeployStep{step(record.StepDeleteSent, at), step(record.StepDeleted, at+time.Millisecond), step(record.StepGone, at+took/2)}
		b.line(d)
		b.now = max(b.now, at+took/2)
	}
	return b
}

func (b *Builder) line(d record.Deployment) { b.run.Deployments = append(b.run.Deployments, d) }

func step(name record.DeployStepName, at time.Duration) record.DeployStep {
	s := record.DeployStep{Name: name, At: at, Clock: record.ClockWatch, Resolution: time.Millisecond}
	switch name {
	case record.StepCreateSent, record.StepCreated, record.StepDeleteSent:
		s.Clock, s.Resolution = record.ClockClient, 1
	case record.StepRoutable:
		s.Clock, s.Resolution = record.ClockClient, 20*time.Millisecond
	}
	return s
}

func deployment(class, service string, batch record.Batch, sent, took time.Duration) record.Deployment {
	d := record.Deployment{Type: record.TypeDeployment, RuntimeClass: class, Service: service, Namespace: "bench", Batch: batch, Attempts: 1}
	d.Steps = []record.DeployStep{step(record.StepCreateSent, sent), step(record.StepCreated, sent+5*time.Millisecond)}
	if took == 0 {
		d.Failure = "not reached: ready; Ready is False: RevisionFailed"
		return d
	}
	for name, share := range map[record.DeployStepName]time.Duration{record.StepConfigurationReady: 6, record.StepRevisionReady: 5, record.StepIngressReady: 8, record.StepRouteReady: 9} {
		d.Steps = append(d.Steps, step(name, sent+took*share/10))
	}
	d.Steps = append(d.Steps, step(record.StepReady, sent+took), step(record.StepRoutable, sent+took+50*time.Millisecond))
	d.ServerSteps = []record.DeployStep{{Name: record.StepReady, At: (sent + took).Truncate(time.Second), Clock: record.ClockAPI, Resolution: time.Second}}
	return d
}

// Deployed is a run with deployments of two classes, of which one service failed.
func Deployed() *record.Run {
	b := New("deployed", "runc", "gvisor")
	for _, class := range []string{"runc", "gvisor"} {
		b.Deploy(class, record.Batch{Discarded: true, InitialScale: 1}, time.Minute)
	}
	for block := range 2 {
		batch := record.Batch{Block: block + 1, InitialScale: 1}
		b.Deploy("runc", batch, 800*time.Millisecond).Deploy("gvisor", batch, time.Second)
		b.Deploy("runc", batch, time.Second, 2*time.Second, 3*time.Second, 4*time.Second)
		b.Deploy("gvisor", batch, 2*time.Second, 4*time.Second, 6*time.Second, time.Duration(block)*8*time.Second)
	}
	for block, class := range []string{"runc", "gvisor"} {
		b.Add(class, 1, 2*time.Second)
		for range 4 {
			b.Add(class, 4, 3*time.Second, func(s *record.Sample) { s.Block = block })
		}
	}
	r := b.Run()
	r.Header.Command, r.Header.Shape = "scale", record.Shape{Rounds: true}
	r.Header.Settings.Services, r.Header.Settings.Iterations = []int{1, 4}, 2
	r.Header.Settings.InitialScale, r.Header.Settings.DeployRounds = 1, true
	return r
}
