package main

import (
	"errors"
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
	job := templates.CronJob{Name: ownName}
	cmd := &cobra.Command{
		Use:   "cronjob [flags] -- COMMAND...",
		Short: "Print the manifests of a CronJob that measures each night, and keeps the run files",
		Long: "cronjob prints manifests for kubectl: a CronJob that runs a command of kn-coldstart in the cluster, a claim of\n" +
			"the volume that keeps its run files, in the folder results, and what 'kn-coldstart rbac' prints for its service\n" +
			"account. It asks no cluster. The namespace has to exist when they are applied.",
		Example: "  kn-coldstart cronjob -n bench -- single --runtime-class runc,gvisor --image registry.example/fn:v1 | kubectl apply -f -\n" +
			"  kn-coldstart cronjob -n bench --schedule '0 */6 * * *' --storage 5Gi -- scale --services 1,10,50 --image registry.example/fn:v1",
		RunE: func(_ *cobra.Command, args []string) error {
			job.Args = args
			return printCronJob(g, job)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&g.Namespace, "namespace", "n", "", "namespace of the CronJob and of its runs (bench)")
	flags.StringVar(&g.ServiceAccount, "service-account", ownName, "service account that the runs act as, and that receives the permissions")
	flags.BoolVar(&g.Traces, "traces", false, "also grant what --traces of the command needs")
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

// completeCronJob fills in the image, and checks what the API server would not.
func completeCronJob(job *templates.CronJob) error {
	if job.Image == "" {
		version := tool().Version
		if !released.MatchString(version) {
			return withHint(fmt.Errorf("no image of kn-coldstart %s is published", version), "name the image of kn-coldstart with --tool-image")
		}
		job.Image = publishedImage + ":" + version
	}
	if err := templates.ValidateQuantity(job.Storage); err != nil {
		return fmt.Errorf("--storage is %q: %w", job.Storage, err)
	}
	return measures(job.Args)
}

// released is what versions that are published look like.
var released = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)

// measures reads a command line of this program, without running it. It has to be one that
// writes a run file.
func measures(args []string) error {
	if len(args) == 0 {
		return withHint(errors.New("the command to run is missing"), "put it after --, such as: -- single --image IMAGE")
	}
	cmd, rest, err := newRoot().Find(args)
	if err == nil && cmd.Flags().Lookup("run-file") == nil {
		err = fmt.Errorf("%q measures nothing", args[0])
	}
	if err == nil {
		err = errors.Join(cmd.ParseFlags(rest), cmd.ValidateArgs(cmd.Flags().Args()))
	}
	if err != nil {
		return fmt.Errorf("read the command to run: %w", err)
	}
	return nil
}
