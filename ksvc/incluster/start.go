package incluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	batch "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

var adviseAccount = ksvc.NewAdvice("have an administrator run `kn-coldstart rbac -n %s%s | kubectl apply -f -`, and name the service account with --tool-service-account kn-coldstart")

// Start creates what the run needs, and starts it. When that fails, what was created is
// removed again.
func Start(ctx context.Context, c *ksvc.Client, p Plan) error {
	if err := p.Validate(); err != nil {
		return err
	}
	documents, err := p.documents()
	if err == nil {
		err = c.Reach(ctx)
	}
	if err != nil {
		return fmt.Errorf("start run %s in the cluster: %w", p.Run, err)
	}
	s := starting{client: c, plan: p}
	if err := s.create(ctx, documents); err != nil {
		return errors.Join(fmt.Errorf("start run %s in the cluster: %w", p.Run, err), s.undo(ctx))
	}
	return nil
}

// starting is one Start.
type starting struct {
	client *ksvc.Client
	plan   Plan
	made   []object
	owner  []metav1.OwnerReference
}

// create creates the objects, the job first, and lets it start.
func (s *starting) create(ctx context.Context, documents []string) error {
	for _, document := range documents {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.createOne(ctx, document)
		if apierrors.IsForbidden(err) {
			err = ksvc.WithHint(err, adviseAccount.With(s.plan.Namespace, s.plan.grant().Flags()))
		}
		if err != nil {
			return err
		}
	}
	return suspend(ctx, s.client, s.plan.Namespace, s.plan.Run, false)
}

// requestLimit bounds a request that Ctrl-C does not end, so that what it made is known.
const requestLimit = 30 * time.Second

// createOne creates an object with the labels of the run. The first one is the job, which
// owns all that is in its namespace.
func (s *starting) createOne(ctx context.Context, document string) error {
	o, err := decode(s.client.Kubernetes, document)
	if err != nil {
		return err
	}
	o.SetLabels(s.plan.labels())
	if o.GetNamespace() == s.plan.Namespace {
		o.SetOwnerReferences(s.owner)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestLimit)
	defer cancel()
	s.made = append(s.made, o) // it may be there, whatever the answer was
	made, err := o.create(ctx)
	if err != nil {
		return fmt.Errorf("create %s: %w", o, err)
	}
	if s.owner == nil {
		s.owner = []metav1.OwnerReference{*metav1.NewControllerRef(made, batch.SchemeGroupVersion.WithKind("Job"))}
	}
	return nil
}

// undo removes what was created.
func (s *starting) undo(ctx context.Context) error {
	slices.Reverse(s.made)
	return removeAll(context.WithoutCancel(ctx), s.made)
}

// suspend has Kubernetes end the job's pod, and start none, or start it.
func suspend(ctx context.Context, c *ksvc.Client, namespace, run string, yes bool) error {
	return c.PatchJob(ctx, namespace, name(run), fmt.Sprintf(`{"suspend":%t}`, yes))
}

// liftLimit takes StartLimit away from a job.
func liftLimit(ctx context.Context, c *ksvc.Client, j Job) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	err := c.LiftJobLimit(ctx, j.Namespace, name(j.Run))
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
