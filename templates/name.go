package templates

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
)

// nameLimit keeps a pod's name within 63 characters, so that the pod's hostname,
// which is how the function names itself, is not cut: Knative and Kubernetes add 34
// to the service's name.
const nameLimit = 63 - 34

var notNameable = regexp.MustCompile(`[^a-z0-9]+`)

// notLetter keeps the ordinal and the variant apart.
var notLetter = regexp.MustCompile(`[^a-z]+`)

// ServiceName is the name of a run's i-th service of a class and variant:
//
//	cs-kata-qemu-1b-3fa92c-12
//	   class     ││ run    i
//	             │└ variant
//	             └ ordinal: the place of the class among those under test
//
// The ordinal and i make it unique within a run, however much of the class had to be
// cut; the hash of the run's id makes it unique among runs. It is a valid DNS label,
// and short enough for pods to keep their name as hostname.
func ServiceName(runID, class, variant string, ordinal, i int) string {
	sum := fnv.New32a()
	sum.Write([]byte(runID))
	side := notLetter.ReplaceAllString(strings.ToLower(variant), "")
	tail := fmt.Sprintf("-%d%.1s-%06x-%d", ordinal, side, sum.Sum32()&0xffffff, i)
	head := "cs-" + strings.Trim(notNameable.ReplaceAllString(strings.ToLower(class), "-"), "-")
	if room := nameLimit - len(tail); len(head) > room {
		head = head[:room]
	}
	return strings.TrimRight(head, "-") + tail
}
