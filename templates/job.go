package templates

import (
	_ "embed"
	"strings"
	"time"
)

//go:embed job.yaml
var jobText string

var jobTemplate = parse("job.yaml", jobText)

// Job is a run in a pod of the cluster. It is created suspended, so that it can own what it
// needs, and starts when that is there.
type Job struct {
	// Name is that of the job, and of the ConfigMap with its files.
	Name, Namespace string
	// Labels are those of the objects, and PodLabels those of the pod.
	Labels, PodLabels map[string]string
	// ServiceAccount in the namespace is whom the run acts as.
	ServiceAccount string
	// Image is that of kn-coldstart, and Args its command line.
	Image string
	Args  []string
	// Traces says that the run takes reports of traces, at the address of its pod.
	Traces bool
	// Files are in the folder that the command line is relative to.
	Files        map[string][]byte
	NodeSelector map[string]string
	// StartLimit is after how long the job ends if its pod has not started, and Kept how long
	// it stays after its end.
	StartLimit, Kept time.Duration
}

// RenderJob fills in job.yaml: the job, and the ConfigMap with its files.
func RenderJob(j Job) ([]byte, error) { return render(jobTemplate, j) }

// PodIP is what an argument of a job has where the address of its pod is to stand.
const PodIP = "$(POD_IP)"

// PodTraces is where a run in a pod takes reports of traces: at that address.
const PodTraces = "[" + PodIP + "]:0"

// podArgs are the arguments of a pod that give it a command line as it is: Kubernetes fills
// in variables, and only the address for traces is to be one.
func podArgs(args []string, traces bool) []string {
	var all []string
	for _, arg := range args {
		all = append(all, strings.ReplaceAll(arg, "$", "$$"))
	}
	if traces {
		all = append(all, "--traces", "--traces-address="+PodTraces)
	}
	return all
}
