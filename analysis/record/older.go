package record

import "strings"

// Files of earlier versions say in words what later ones say in fields. The functions
// in this file fill in the fields, so that nothing else needs to know those words.

// upgrade conceals values that earlier versions wrote down, and fills in the shape, which
// they only imply by the name of the command.
func (h *Header) upgrade() {
	h.Settings = h.Settings.concealed()
	if h.Shape != (Shape{}) {
		return
	}
	switch h.Command {
	case "scale":
		h.Shape = Shape{Rounds: true}
	case "ab":
		h.Shape = Shape{Sides: true, Sequential: true}
	}
}

// upgrade fills in the proof, which earlier versions wrote into the instance or not at
// all, and the trouble of the pod, which the error named after that of the request. An
// instance was known by its own answer only. Without one, a proven sample was not
// answered, and it was the absence of any pod that proved it.
func (s *Sample) upgrade() {
	switch {
	case s.Proof != "":
	case s.Instance != nil:
		s.Proof = ProofAnswer
	case s.Cold == Proven:
		s.Proof = ProofExclusion
	}
	if s.Trouble == nil && s.Error != "" {
		if message := troubleIn(s.Error); message != "" {
			s.Trouble = &Trouble{Causes: CausesIn(message), Message: message}
		}
	}
}

// troubleIn is the part of a sample's error that is about its pod, or "".
func troubleIn(sampleError string) string {
	for _, begin := range []string{"pod ", "no pod can be created"} {
		if strings.HasPrefix(sampleError, begin) {
			return sampleError
		}
		if _, told, found := strings.Cut(sampleError, ": "+begin); found {
			return begin + told
		}
	}
	return ""
}

// upgrade reads causes and conditions from the message.
func (e *Event) upgrade() {
	switch {
	case e.Kind == EventInstanceTrouble && len(e.Causes) == 0:
		e.Causes = CausesIn(e.Message)
	case e.Kind == EventNodeCondition && e.Condition == "":
		// "node NAME: TYPE is STATUS: …"
		about, _, _ := strings.Cut(e.Message, " is ")
		e.Node, e.Condition, _ = strings.Cut(strings.TrimPrefix(about, "node "), ": ")
	}
}
