package metric

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// ErrSeveral is returned for several runs. Each has a time, an end and settings of its own,
// and what keeps metrics puts one behind the other.
var ErrSeveral = errors.New("metrics are of one run")

// endings are how a run can have ended. One that was killed wrote down no end.
var endings = []string{record.EndCompleted, record.EndInterrupted, record.EndFailed, killed}

const killed = "killed"

// OfRun is what a summary of one run says.
func OfRun(s *analysis.Summary) (*Set, error) {
	if len(s.Runs) != 1 {
		return nil, ErrSeveral
	}
	run := &s.Runs[0]
	set := &Set{Version: run.Tool.Version, Start: run.Started, End: run.Started.Add(run.Lasted)}
	set.Families = slices.Concat(runFamilies(run, s.Warnings), cellFamilies(s), loadFamilies(s.Loads),
		deployFamilies(s.Deployments), limitFamilies(s), workFamilies(s.Work))
	return set, nil
}

func runFamilies(run *analysis.RunInfo, warnings []analysis.Warning) []Family {
	info := &Family{Name: "run_info", Help: "What was run, with which version, on what: cluster is a hash of all that tells clusters apart."}
	info.add(1, Label{"run_id", run.RunID}, Label{"version", run.Tool.Version}, Label{"command", run.Command},
		Label{"cluster", hashOf(run.Cluster)}, Label{"kubernetes", run.Cluster.Kubernetes}, Label{"knative", run.Cluster.Knative})
	start := &Family{Name: "run_start_time", Unit: Seconds, Help: "When the run began, in seconds since 1970."}
	end := &Family{Name: "run_end_time", Unit: Seconds, Help: "When the run ended, in seconds since 1970; missing if it was killed."}
	ended := &Family{Name: "run_ended", Help: "How the run ended: 1 for the reason, 0 for the others."}
	if !run.Started.IsZero() {
		start.add(unix(run.Started))
	}
	reason := killed
	if run.End != "" {
		reason = run.End
		end.add(unix(run.Started.Add(run.Lasted)))
	}
	ended.oneOf(reason, endings, "reason")
	warned := &Family{Name: "run_warnings", Help: "Things that a reader must know before the numbers: the report tells them."}
	warned.count(len(warnings))
	return append(families(info, start, end, ended, warned), classFamilies(run)...)
}

// classFamilies say what each class is.
func classFamilies(run *analysis.RunInfo) []Family {
	info := &Family{Name: "class_info", Help: "What was run in a RuntimeClass."}
	for _, c := range run.Classes {
		info.add(1, append(labelsOf(c.Key()), Label{"handler", c.Handler}, Label{"image", c.Image}, Label{"image_digest", c.ImageDigest})...)
	}
	return families(info)
}

// hashOf is short, and the same for clusters that are alike in every field.
func hashOf(f record.Fingerprint) string {
	text, err := json.Marshal(f)
	if err != nil {
		return "" // a fingerprint is text and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
