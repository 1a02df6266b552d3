package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/incluster"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// measureInCluster has the run take place in a pod, and follows it to its end. It returns
// the path of the run file here, which is empty where the run wrote none.
func (f *runFlags) measureInCluster(ctx context.Context, e experiment.Experiment) (path string, err error) {
	plan, err := f.podPlan(e)
	if err != nil {
		return "", usage(err)
	}
	target, err := f.cluster.connect()
	if err != nil {
		return "", err
	}
	client := target.Client()
	plan.Namespace = client.Namespace
	run, err := openPodRun(client, plan.Job(), f.setup.RunFile, say)
	if err != nil {
		return "", err
	}
	sayStarting(plan, client.Server)
	if err := incluster.Start(ctx, client, plan); err != nil {
		return "", errors.Join(err, run.copy.Leave())
	}
	return run.follow(ctx)
}

// podPlan is what is to run in the pod.
func (f *runFlags) podPlan(e experiment.Experiment) (incluster.Plan, error) {
	image, err := toolImage(f.inCluster.image, "tool-image")
	if err != nil {
		return incluster.Plan{}, err
	}
	if what := f.setup.Request.Secret(); what != "" {
		return incluster.Plan{}, withHint(fmt.Errorf("%s may hold a secret, and the command line of a pod can be read by whoever may list pods", what),
			"run it from here, without --in-cluster; --workers sends the requests from the cluster all the same")
	}
	command, err := newPodCommand(newRoot(), append(slices.Clone(os.Args[1:]), environmentArgs...), f.setup.Classes)
	if err != nil {
		return incluster.Plan{}, fmt.Errorf("run in the cluster: %w", err)
	}
	run := experiment.NewRunID(time.Now())
	plan := incluster.Plan{
		Run: run, Image: image, Args: append(command.args, "--run-file=-", "--"+inPodFlag+"="+run), Files: command.files,
		ServiceAccount: f.inCluster.serviceAccount, NodeSelector: f.inCluster.nodeSelector,
		Traces: f.setup.Traces.On, Workers: experiment.WorkersOf(e).Count > 0,
	}
	return plan, plan.Validate()
}

// podRun is a run in a pod that is followed from here.
type podRun struct {
	client *ksvc.Client
	job    incluster.Job
	copy   *record.Copy
	// tell tells what the run says that is no warning, error or hint.
	tell func(format string, args ...any)
	// receipt is what the run said of its run file.
	receipt *record.Receipt
	// goesOn says that the run could not be told to stop.
	goesOn atomic.Bool
}

// openPodRun makes sure that the run file can be written before anything is created.
func openPodRun(client *ksvc.Client, job incluster.Job, runFile string, tell func(string, ...any)) (*podRun, error) {
	copied, err := record.OpenCopy(cmp.Or(runFile, filepath.Join("results", job.Run+".jsonl")), job.Run)
	return &podRun{client: client, job: job, copy: copied, tell: tell}, adviseTaken(err)
}

// adviseTaken says what to do if another command follows the run into the same file.
func adviseTaken(err error) error {
	if errors.Is(err, record.ErrTaken) {
		return withHint(err, "end that command, or name another file with --run-file")
	}
	return err
}

// Line implements incluster.Sink: what is no line of the run file is for people or programs.
func (r *podRun) Line(text []byte) error {
	said, ok := saidInPod(text)
	if !ok {
		return adviseTaken(r.copy.Line(text))
	}
	if receipt, ok := record.ParseReceipt(said.Text); ok {
		r.receipt = &receipt
		return nil
	}
	said.repeat(r.tell)
	return nil
}

// Notice implements incluster.Sink.
func (r *podRun) Notice(text string) { sayWarning("%s", text) }

// follow follows the run to its end, and settles it. A signal from the keyboard ends
// the run; a terminal that is closed does not, nor does what goes wrong here.
func (r *podRun) follow(ctx context.Context) (path string, err error) {
	following, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	stop := context.AfterFunc(ctx, func() { r.interrupted(ctx, leave) })
	defer stop()
	ending, err := incluster.Follow(following, r.client, r.job, r)
	var never *incluster.NotStartedError
	if !r.goesOn.Load() && (err == nil || errors.As(err, &never) || stopped(ctx)) {
		return r.finish(ctx, ending, err)
	}
	sayGoesOn(r.job)
	return "", errors.Join(err, r.copy.Leave())
}

// stopped says that somebody has ended the run.
func stopped(ctx context.Context) bool { return ctx.Err() != nil && !keepsRunning(endedBy(ctx)) }

// finish settles the run. The error has the exit code of the run;
// what the run itself had to say of it was in its log.
func (r *podRun) finish(ctx context.Context, ending incluster.Ending, followed error) (path string, err error) {
	if errors.Is(followed, context.Canceled) {
		followed = nil // there was no pod to wait for
	}
	problem := errors.Join(followed, r.settle(context.WithoutCancel(ctx), ending))
	code := ending.Code
	switch {
	case stopped(ctx):
		code = exitInterrupted
	case ending.Reason != "":
		problem = errors.Join(fmt.Errorf("the run did not end by itself: %s", ending.Reason), problem)
	}
	if code <= 0 {
		return r.copy.Path(), problem
	}
	if problem != nil {
		sayMissing(problem)
	}
	return r.copy.Path(), codeOf(code)
}

// settle closes the run file and removes the pod of the run with all that belongs to it, unless
// its log is needed once more. It removes what the run created if that could not do so itself.
func (r *podRun) settle(ctx context.Context, ending incluster.Ending) error {
	err := r.copy.Close(r.receipt)
	if err != nil && r.mendable(ctx, ending) {
		err = adviseAgain(err, r.job)
	} else {
		err = errors.Join(err, incluster.Remove(ctx, r.client, r.job))
	}
	if ending.Reason != "" {
		err = errors.Join(err, removeLeft(ctx, r.client, r.job.Run))
	}
	return err
}

// mendable says whether another copy of the log could be better than this one. None is if the
// run was killed and all that it had written is here, or if the log is gone.
func (r *podRun) mendable(ctx context.Context, ending incluster.Ending) bool {
	if ending.Reason != "" && r.receipt == nil && r.copy.Exact() {
		return false
	}
	there, err := incluster.HasLog(ctx, r.client, r.job)
	return there || err != nil // what may be the only good copy is not removed on a guess
}

// adviseAgain says how to get the run file whose copy here is not whole.
func adviseAgain(err error, j incluster.Job) error {
	return withHint(fmt.Errorf("copy the log of run %s: %w; the pod of the run was left there, because its log may be whole", j.Run, err),
		fmt.Sprintf("'kn-coldstart attach -n %s %s --run-file OTHER' reads it once more, up to %.0f h after the run's end; 'kn-coldstart clean -n %s --run %s' removes it",
			j.Namespace, j.Run, incluster.Kept.Hours(), j.Namespace, j.Run))
}

// interrupted asks the run to end, or leaves it alone.
func (r *podRun) interrupted(ctx context.Context, leave func()) {
	if keepsRunning(endedBy(ctx)) {
		leave()
		return
	}
	there, err := incluster.Stop(context.WithoutCancel(ctx), r.client, r.job)
	for tries := 1; err != nil && tries < stopTries; tries++ {
		sayWarning("%v; this is tried again", err)
		time.Sleep(stopPause)
		there, err = incluster.Stop(context.WithoutCancel(ctx), r.client, r.job)
	}
	if err != nil {
		sayWarning("%v", err)
		r.goesOn.Store(true)
	}
	if err != nil || !there {
		leave()
	}
}

// A run is told to stop so often, with a pause before each further time. If that does not
// help, what it needs to clean up is not taken from it.
const (
	stopTries = 20
	stopPause = 3 * time.Second
)
