package analysis

import "time"

// Figure is a published measurement of a class. It comes from another host, so it is
// shown beside a result and is never a target.
type Figure struct {
	RuntimeClass string `json:"runtimeClass"`
	// Named is what the source calls the class.
	Named      string        `json:"named"`
	Experiment string        `json:"experiment"`
	Average    time.Duration `json:"averageNs"`
	Min        time.Duration `json:"minNs"`
	Max        time.Duration `json:"maxNs"`
	Source     string        `json:"source"`
}

const (
	coldStartStudy = "Nubificus, study of Knative cold starts over container runtimes"
	singleInstance = "single instance, 30 iterations 90 s apart, service response latency"
)

// Published are the single-instance figures of the study of Knative cold starts.
var Published = []Figure{
	published("runc", "generic", 1200, 920, 1230),
	published("gvisor", "gvisor", 2210, 2150, 2230),
	published("kata-qemu", "kata-qemu", 2210, 2100, 2230),
	published("kata-fc", "kata-fc", 2210, 2210, 2220),
	published("urunc", "urunc", 1210, 1190, 1230),
}

func published(class, named string, average, least, most time.Duration) Figure {
	return Figure{RuntimeClass: class, Named: named, Experiment: singleInstance, Source: coldStartStudy,
		Average: average * time.Millisecond, Min: least * time.Millisecond, Max: most * time.Millisecond}
}

// publishedOf are the figures of two classes, each once.
func publishedOf(base, new string) []Figure {
	var list []Figure
	for _, f := range Published {
		if f.RuntimeClass == base || f.RuntimeClass == new {
			list = append(list, f)
		}
	}
	return list
}
