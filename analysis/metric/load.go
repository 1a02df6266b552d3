package metric

import (
	"math"
	"strconv"

	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

const theLoad = "the latency of the requests of a load from when they were due, in which a request that was not answered is slower than any"

// loadFamilies are about loads. A load whose intervals cannot be believed has none; the
// warnings count it.
func loadFamilies(loads []load.Load) []Family {
	latency := &Family{Name: "load_latency", Unit: Seconds, Kind: Histogram,
		Help: "Latency of the requests of a load from when they were due; one that was not answered is in the last bucket alone and makes the sum infinite."}
	of := newPercentiles("load_latency", theLoad)
	requests := &Family{Name: "load_requests", Kind: Counter,
		Help: "Requests of a load, by outcome; dropped is one that was due and not sent, cutOff one that the end of the run cut off."}
	scale := newScaling()
	steps := map[record.Key]int{}
	for i := range loads {
		l := &loads[i]
		steps[l.Key()]++
		answered := l.Latencies()
		if answered == nil || l.Due == 0 {
			continue
		}
		labels := loadLabels(l, steps[l.Key()])
		latency.distribute(bucketsOf(answered, l.Answered, l.Failures()), labels)
		of.add("50", l.P50, labels)
		of.add("95", l.P95, labels)
		of.add("99", l.P99, labels)
		of.add("100", l.Max, labels)
		countOutcomes(requests, l.Answered, l.Failed, labels)
		requests.count(l.Dropped, with(labels, "outcome", "dropped")...)
		requests.count(l.CutOff, with(labels, "outcome", "cutOff")...)
		scale.add(l, labels)
	}
	return append(families(latency, of.value, requests), scale.families()...)
}

// loadLabels are those of a load. The loads of a search are numbered, as one rate may have
// been tried twice.
func loadLabels(l *load.Load, number int) []Label {
	labels := with(labelsOf(l.Key()), "rate", l.Rate)
	if l.Step {
		labels = with(labels, "step", strconv.Itoa(number))
	}
	return labels
}

// scaling is how services were scaled under loads.
type scaling struct{ wanted, peak, ready, seconds, recovery, never *Family }

func newScaling() scaling {
	return scaling{
		wanted:   &Family{Name: "load_wanted_instances", Help: "The most instances that the autoscaler wanted during a load."},
		peak:     &Family{Name: "load_peak_instances", Help: "The most instances that there were at one moment of a load."},
		ready:    &Family{Name: "load_ready_instances", Help: "The most instances that were Ready at one moment of a load."},
		seconds:  &Family{Name: "load_instance_time", Unit: Seconds, Help: "How long the instances of a load were there, added up."},
		recovery: &Family{Name: "load_recovery", Unit: Seconds, Help: "The longest time until p99 of a second of a load was under the run's limit again."},
		never:    &Family{Name: "load_unrecovered", Help: "1 if p99 of a second was still not under the run's limit when the load ended."},
	}
}

func (s scaling) add(l *load.Load, labels []Label) {
	if l.Instances.Peak.Wanted > 0 { // otherwise nothing told of it
		s.wanted.count(l.Instances.Peak.Wanted, labels...)
	}
	s.peak.count(l.Instances.Peak.Alive, labels...)
	s.ready.count(l.Instances.Peak.Ready, labels...)
	s.seconds.add(float64(l.Instances.Seconds), labels...)
	if l.Recovery.Limit == 0 {
		return
	}
	took, never := inSeconds(l.Recovery.Longest), 0
	if l.Recovery.Never {
		took, never = math.Inf(1), 1
	}
	s.recovery.add(took, labels...)
	s.never.count(never, labels...)
}

func (s scaling) families() []Family {
	return families(s.wanted, s.peak, s.ready, s.seconds, s.recovery, s.never)
}
