package metric

import (
	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

const theLatency = "the service response latency of cold starts, in which a start that was not answered is slower than any"

// outcomes are those of requests. What is counted for one of them is shown for all, so that
// a failure that has not happened is a zero and not a gap.
var outcomes = []record.Outcome{record.OK, record.Timeout, record.Refused, record.Reset, record.HTTP, record.Body, record.WrongInstance, record.Error}

// cellFamilies are about the cold starts of each class and number of services.
func cellFamilies(s *analysis.Summary) []Family {
	latency := &Family{Name: "response_latency", Unit: Seconds, Kind: Histogram,
		Help: "Service response latency of cold starts; one that was not answered is in the last bucket alone and makes the sum infinite."}
	of := newPercentiles("response_latency", theLatency)
	starts := &Family{Name: "starts", Kind: Counter, Help: "Cold starts that were planned, by outcome; notMade is one for which no request was sent."}
	samples := &Family{Name: "samples", Kind: Counter, Help: "Requests that were sent, by whether they are proven to be cold starts."}
	pulled := &Family{Name: "pulled_starts", Kind: Counter, Help: "Proven cold starts for which an image was pulled."}
	for i := range s.Cells {
		c := &s.Cells[i]
		labels := labelsOf(c.Key)
		if c.Measured > 0 {
			unanswered := c.Latencies.Censored() + c.Latencies.Failed()
			latency.distribute(bucketsOf(c.Latencies, c.Measured-unanswered, unanswered), labels)
			of.addKnown("50", c.P50, labels)
			of.addKnown("90", c.P90, labels)
			of.addKnown("95", c.P95, labels)
			of.addKnown("99", c.P99, labels)
			of.add("100", *c.Max, labels)
		}
		countOutcomes(starts, c.OK, c.Failed, labels)
		starts.count(c.NotMade, with(labels, "outcome", "notMade")...)
		samples.count(c.Cold, with(labels, "cold", string(record.Proven))...)
		samples.count(c.Warm, with(labels, "cold", string(record.Warm))...)
		samples.count(c.Unknown, with(labels, "cold", string(record.Unknown))...)
		pulled.count(c.Pulled, labels...)
	}
	return append(families(latency, of.value, of.low, of.high, starts, samples, pulled), roundFamilies(s.Cells)...)
}

// countOutcomes adds the outcomes that this version knows, and those that the run has
// besides.
func countOutcomes(f *Family, ok int, failed map[record.Outcome]int, labels []Label) {
	other := 0
	for _, n := range failed {
		other += n
	}
	for _, o := range outcomes[1:] {
		other -= failed[o]
	}
	for _, o := range outcomes {
		n := failed[o]
		switch o {
		case record.OK:
			n = ok
		case record.Error:
			n += other
		}
		f.count(n, with(labels, "outcome", string(o))...)
	}
}

// roundFamilies are about services that were fired together.
func roundFamilies(cells []analysis.Cell) []Family {
	gauge := func(name, help string) *Family { return &Family{Name: name, Help: help} }
	rounds := gauge("rounds", "Rounds in which services were fired together.")
	complete := gauge("complete_rounds", "Rounds in which every service answered.")
	spawned := gauge("spawned_instances", "Instances that were created, in the round with the fewest.")
	ready := gauge("ready_instances", "Instances that became Ready, in the round with the fewest.")
	peak := gauge("peak_instances", "The most instances at one moment of any round.")
	all := &Family{Name: "time_to_all_median", Unit: Seconds, Help: "Median time from the first request to the last answer, over complete rounds."}
	for i := range cells {
		in, labels := cells[i].Instances, labelsOf(cells[i].Key)
		if in == nil {
			continue
		}
		rounds.count(in.Rounds, labels...)
		complete.count(in.Complete, labels...)
		spawned.count(in.Spawned, labels...)
		ready.count(in.Ready, labels...)
		if in.Peak > 0 {
			peak.count(in.Peak, labels...)
		}
		if in.TimeToAll > 0 {
			all.add(inSeconds(in.TimeToAll), labels...)
		}
	}
	return append(families(rounds, complete, spawned, ready, peak, all), phaseFamilies(cells)...)
}

// phaseFamilies are about the steps of cold starts.
func phaseFamilies(cells []analysis.Cell) []Family {
	phases := &Family{Name: "phase_median", Unit: Seconds, Help: "Median time from the request to a phase of the cold start."}
	for i := range cells {
		for _, p := range cells[i].Phases {
			phases.add(inSeconds(p.SinceRequested), with(labelsOf(cells[i].Key), "phase", string(p.Name))...)
		}
	}
	return families(phases)
}
