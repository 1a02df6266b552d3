// Package incluster has a run take place in a pod of the cluster, so that the network of
// the computer that started it is part of no latency, and so that the run goes on when that
// computer is away.
//
// Start creates a job (batch/v1) of one pod with what it needs, Follow gives the lines of
// its log, Stop asks it to end, and Remove removes everything. List says which there are.
// The job is the root of it all: it is created first, suspended, and owns what is in its
// namespace, so that nothing outlives it when Kubernetes removes it.
//
// The log of the pod is its run file; see package record's Copy for how it gets into a file.
package incluster

import (
	"fmt"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/check"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Kept is how long a job stays after its end if nobody takes it.
const Kept = 24 * time.Hour

// StartLimit is after how long Kubernetes ends a job whose pod cannot start. It counts what the
// run itself takes as well, so Follow takes the limit away when the pod has started: it only
// ever meets a run that takes longer and that nobody has followed until then. A job that was
// never let start has no limit, and no pod either.
const StartLimit = 7 * 24 * time.Hour

// Plan says what runs in the cluster.
type Plan struct {
	// Run is the id of the run, and Namespace where it takes place.
	Run, Namespace string
	// Image is that of kn-coldstart, and Args its command line.
	Image string
	Args  []string
	// Files are beside the command, by name.
	Files map[string][]byte
	// ServiceAccount is whom the run acts as. If it is empty, the run has one of its own,
	// with the permissions that it needs.
	ServiceAccount string
	// Traces says that pods report traces to the run, and Workers that it leads workers.
	Traces, Workers bool
	// NodeSelector are labels of the nodes on which the pod may be.
	NodeSelector map[string]string
}

// name is that of all objects of a run.
func name(run string) string { return "kn-coldstart-" + run }

// mostFiles is what a ConfigMap holds, with room for the names.
const mostFiles = 1<<20 - 1<<10

var adviseSmaller = ksvc.NewAdvice("make the files smaller, or run without --in-cluster")

// Validate says what no cluster can take.
func (p *Plan) Validate() error {
	size := 0
	for _, text := range p.Files {
		size += len(text)
	}
	if size > mostFiles {
		err := fmt.Errorf("the files of the run have %d KiB: a pod gets them in a ConfigMap, which holds %d KiB", size>>10, mostFiles>>10)
		return ksvc.WithHint(err, adviseSmaller)
	}
	return nil
}

// documents are the job with its ConfigMap, and then the service account with its roles, if
// the run has one of its own.
func (p *Plan) documents() ([]string, error) {
	job := templates.Job{
		Name: name(p.Run), Namespace: p.Namespace, ServiceAccount: p.ServiceAccount, Image: p.Image, Args: p.Args, Traces: p.Traces,
		Labels: p.labels(), PodLabels: map[string]string{ksvc.LabelInCluster: p.Run},
		Files: p.Files, NodeSelector: p.NodeSelector, StartLimit: StartLimit, Kept: Kept,
	}
	if job.ServiceAccount == "" {
		job.ServiceAccount = name(p.Run)
	}
	text, err := templates.RenderJob(job)
	if err != nil {
		return nil, err
	}
	all := strings.Split(string(text), "\n---\n")
	if p.ServiceAccount != "" {
		return all, nil
	}
	grants, err := p.grant().Manifests()
	if err != nil {
		return nil, err
	}
	return append(all, strings.Split(string(grants), "\n---\n")...), nil
}

// labels are those of all objects but the pod.
func (p *Plan) labels() map[string]string {
	return map[string]string{ksvc.LabelManagedBy: ksvc.ManagedBy, ksvc.LabelRun: p.Run, ksvc.LabelInCluster: p.Run}
}

// grant is what a service account of the run's own is granted.
func (p *Plan) grant() check.Grant {
	return check.Grant{Namespace: p.Namespace, ServiceAccount: name(p.Run), Traces: p.Traces, Workers: p.Workers, Run: p.Run}
}
