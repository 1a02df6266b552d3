package incluster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// jobDocuments is how many documents a job has without roles.
const jobDocuments = 2

// Remove removes the job of a run, its pod, and all that was created with it. What is gone
// already is no error.
func Remove(ctx context.Context, c *ksvc.Client, j Job) error {
	p := Plan{Run: j.Run, Namespace: j.Namespace, Traces: true, Workers: true}
	documents, err := p.documents()
	if err != nil {
		return err
	}
	if !j.Grants {
		documents = documents[:jobDocuments]
	}
	var all []object
	for _, document := range documents {
		o, err := decode(c.Kubernetes, document)
		if err != nil {
			return err
		}
		all = append(all, o)
	}
	return removeAll(ctx, all)
}

// removeAll removes objects. The binding by which List knows roles without a job goes last,
// and stays if anything else does.
func removeAll(ctx context.Context, all []object) error {
	isLast := func(o object) bool { return o.kind == "ClusterRoleBinding" }
	var errs []error
	for _, o := range all {
		if !isLast(o) {
			errs = append(errs, o.gone(ctx))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if at := slices.IndexFunc(all, isLast); at >= 0 {
		return all[at].gone(ctx)
	}
	return nil
}

// gone removes the object if it is there.
func (o object) gone(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	if err := o.remove(ctx); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete %s: %w", o, err)
	}
	return nil
}
