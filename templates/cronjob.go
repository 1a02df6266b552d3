package templates

import _ "embed"

//go:embed cronjob.yaml
var cronJobText string

var cronJobTemplate = parse("cronjob.yaml", cronJobText)

// CronJob is a job that measures again and again, and keeps its run files in a volume.
type CronJob struct {
	// Name is that of the job, and of the claim of the volume.
	Name, Namespace string
	// ServiceAccount in the namespace is whom the runs act as.
	ServiceAccount string
	// Schedule is when, as cron has it.
	Schedule string
	// Image is that of kn-coldstart, and Args its command line.
	Image string
	Args  []string
	// Traces says that the run takes reports of traces, at the address of its pod.
	Traces bool
	// Storage is the size of the volume, as a quantity.
	Storage string
}

// RenderCronJob fills in cronjob.yaml: the claim and the job.
func RenderCronJob(c CronJob) ([]byte, error) { return render(cronJobTemplate, c) }
