package main

import (
	"fmt"
	"os"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/ksvc/check"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// publishedImage is where releases of this program are published as images.
const publishedImage = "ghcr.io/kn-coldstart/kn-coldstart"

func newCronJob() *cobra.Command {
	var g check.Grant
	var job templates.CronJob
	cmd := &cobra.Command{
		Use:   "cronjob [flags] -- COMMAND...",
		Short: "Print the manifests of a CronJob that measures each night, and keeps the run files",
		Long: "cronjob prints manifests for kubectl: a CronJob that runs a command of kn-coldstart in the cluster, a claim of\n" +
			"the volume that keeps its run files, in the folder results, and what 'kn-coldstart rbac' prints for its service\n" +
			"account. It asks no cluster. The namespace has to exist when they are applied.",
		Example: "  kn-coldstart cronjob -n bench -- single --runtime-class runc,gvisor --image registry.example/fn:v1 | kubectl apply -f -\n" +
			"  kn-coldstart cronjob -n bench --name burst --schedule '0 */6 * * *' --storage 5Gi -- scale --services 1,10,50 --image registry.example/fn:v1",
		RunE: func(_ *cobra.Command, args []string) error {
			job.Args = args
			return printCronJob(g, job)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&g.Namespace, "namespace", "n", "", "namespace of the CronJob and of its runs (bench)")
	flags.StringVar(&job.Name, "name", ownName, "name of the CronJob and of the claim; one that is there already is replaced")
	flags.StringVar(&g.ServiceAccount, "service-account", ownName, "service account that the runs act as, and that receives the permissions")
	flags.BoolVar(&g.Usage, "usage", false, "also grant what the memory and CPU of instances on other machines need")
	flags.StringVar(&job.Schedule, "schedule", "0 3 * * *", "when to measure, as cron has it")
	flags.StringVar(&job.Storage, "storage", "1Gi", "size of the volume for run files")
	flags.StringVar(&job.Image, "tool-image", "", "image of kn-coldstart (default: "+publishedImage+" of this version)")
	return cmd
}

func printCronJob(g check.Grant, job templates.CronJob) error {
	if err := g.Validate(); err != nil {
		return usage(err)
	}
	job.Namespace, job.ServiceAccount = g.Namespace, g.ServiceAccount
	if err := completeCronJob(&job); err != nil {
		return usage(err)
	}
	command, err := readCommand(job.Args)
	if err != nil {
		return usage(err)
	}
	job.Args, job.Traces = command.args, command.traces
	g.Traces, g.Workers = command.traces, command.workers
	account, err := g.Manifests()
	if err != nil {
		return err
	}
	manifests, err := templates.RenderCronJob(job)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "%s---\n%s", account, manifests)
	return err
}

// cronJobName is what a CronJob may be called: a DNS label, to which Kubernetes appends the
// time, so that 52 characters are left.
var cronJobName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$`)

// completeCronJob fills in the image, and checks what could not be applied.
func completeCronJob(job *templates.CronJob) error {
	var err error
	if job.Image, err = toolImage(job.Image, "tool-image"); err != nil {
		return err
	}
	if err := templates.ValidateQuantity(job.Storage); err != nil {
		return fmt.Errorf("--storage is %q: %w", job.Storage, err)
	}
	if !cronJobName.MatchString(job.Name) {
		return withHint(fmt.Errorf("--name is %q: no CronJob can have that name", job.Name), "use at most 52 lower-case letters, digits and -")
	}
	return nil
}

// toolImage is the image of kn-coldstart that was named with a flag, or else the one of this
// version.
func toolImage(named, flag string) (string, error) {
	if named != "" {
		return named, nil
	}
	version := tool().Version
	if !released.MatchString(version) {
		return "", withHint(fmt.Errorf("no image of kn-coldstart %s is published", version), "name the image of kn-coldstart with --"+flag)
	}
	return publishedImage + ":" + version, nil
}

// released is what versions that are published look like.
var released = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)
