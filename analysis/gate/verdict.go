package gate

// Verdict is the answer to one question, or to all of them. The zero value is no
// answer: it counts as Invalid everywhere and can never pass.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "pass"         // shown to be good enough
	Fail         Verdict = "fail"         // shown to be worse, and by more than the tolerance
	Inconclusive Verdict = "inconclusive" // too few samples or runs to say
	Invalid      Verdict = "invalid"      // the runs do not measure what was asked
)

// Exit codes of the verdicts; 1, 2 and 130 are the tool's own.
const (
	ExitPass         = 0
	ExitFail         = 3
	ExitInconclusive = 4
	ExitInvalid      = 5
)

// ExitCode is the process's exit code for a verdict. What is no verdict has the
// code of Invalid.
func (v Verdict) ExitCode() int {
	switch v {
	case Pass:
		return ExitPass
	case Fail:
		return ExitFail
	case Inconclusive:
		return ExitInconclusive
	}
	return ExitInvalid
}

// severity orders verdicts: a failure that is shown stands, whatever else could
// not be judged. What is no verdict is as grave as Invalid.
func (v Verdict) severity() int {
	switch v {
	case Pass:
		return 0
	case Inconclusive:
		return 1
	case Fail:
		return 3
	}
	return 2
}

// orInvalid is the verdict, or Invalid where it is none.
func (v Verdict) orInvalid() Verdict {
	switch v {
	case Pass, Fail, Inconclusive, Invalid:
		return v
	}
	return Invalid
}
