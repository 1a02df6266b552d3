package watch

import (
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// The kubelet says one of the following of each image that a pod needs:
//
//	Successfully pulled image "I" in 1.2s (1.2s including waiting). Image size: 123 bytes.
//	Container image "I" already present on machine
var pulledSize = regexp.MustCompile(`Image size: (\d+) bytes`)

// observePull takes in that the node pulls an image for the pod, of whichever of its
// containers: each of them delays the start.
func (p *pod) observePull(e *corev1.Event) {
	switch {
	case e.Reason == "Pulling":
		p.pulled = true
	case e.Reason == "Pulled" && strings.HasPrefix(e.Message, "Successfully pulled image"):
		p.pulled = true
		if told := pulledSize.FindStringSubmatch(e.Message); told != nil {
			size, _ := strconv.ParseInt(told[1], 10, 64) // a size that is no number is not told
			p.pulledBytes += size
		}
	}
}

// tellPull says whether an image was pulled for the pod that answered or, if that is
// not known, for any that was first seen after the request was sent.
func (c scene) tellPull(r *revision, s *record.Sample) {
	pods := []*pod{c.answered.pod}
	if c.answered.pod == nil {
		pods, _ = r.candidates(s)
	}
	s.Pulled, s.PulledBytes = false, 0
	for _, p := range pods {
		if p.pulled && p.seen > s.Sent {
			s.Pulled = true
			s.PulledBytes += p.pulledBytes
		}
	}
}
