package ksvc

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/templates"
)

// CreateAll creates the services of a run in the client's namespace. All are
// rendered before the first is created, so that a bad value creates nothing. It
// stops at the first failure and returns it. What was created stays, and Delete
// with the run's id removes it.
func (c *Client) CreateAll(ctx context.Context, run string, services []templates.Service, progress Progress) error {
	rendered := make([]*servingv1.Service, len(services))
	for i, s := range services {
		s.Namespace = c.Namespace
		r, err := newService(run, s)
		if err != nil {
			return fmt.Errorf("create service %s/%s: %w", c.Namespace, s.Name, err)
		}
		rendered[i] = r
	}
	if err := c.Reach(ctx); err != nil {
		return fmt.Errorf("create services in namespace %s: %w", c.Namespace, err)
	}
	return parallel(ctx, rendered, progress, c.create)
}

// createLimit bounds one request. Knative's webhook takes up to 10 s to answer.
const createLimit = 30 * time.Second

// create creates one service. It waits while the API server or Knative's webhook is
// too busy. When the answer to a creation was lost, the run's label tells that the
// service is ours.
//
// A request that is under way when ctx ends is waited for. If it were dropped, the service
// could come into being after Delete has looked for what there is.
func (c *Client) create(ctx context.Context, s *servingv1.Service) error {
	tries, trace := 0, traceOf(ctx)
	err := retryBusy(ctx, createBackoff, func() error {
		tries++
		request, cancel := context.WithTimeout(context.WithoutCancel(ctx), createLimit)
		defer cancel()
		_, err := c.Serving.ServingV1().Services(s.Namespace).Create(whenSent(request, trace.CreateSent, s.Name), s, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) && tries > 1 && c.owns(request, s) {
			return nil
		}
		return err
	})
	if err != nil {
		return WithHint(fmt.Errorf("create service %s/%s: %w", s.Namespace, s.Name, err), createAdvice(err, s.Namespace))
	}
	trace.Created(s.Name)
	return nil
}

// owns says whether the service that has this name is of the same run.
func (c *Client) owns(ctx context.Context, s *servingv1.Service) bool {
	found, err := c.Serving.ServingV1().Services(s.Namespace).Get(ctx, s.Name, metav1.GetOptions{})
	return err == nil && found.Labels[LabelRun] == s.Labels[LabelRun]
}

var (
	advisePermissions  = NewAdvice("`kn-coldstart doctor` lists the permissions that are missing, and `kn-coldstart rbac` prints manifests that grant them")
	adviseClean        = NewAdvice("remove what an earlier run left with `kn-coldstart clean -n %s`")
	adviseFeature      = NewAdvice("set kubernetes.podspec-runtimeclassname: enabled in ConfigMap knative-serving/config-features")
	adviseInitialScale = NewAdvice("set allow-zero-initial-scale: \"true\" in ConfigMap knative-serving/config-autoscaler")
	adviseNodeSelector = NewAdvice("set kubernetes.podspec-nodeselector: enabled in ConfigMap knative-serving/config-features")
	adviseTolerations  = NewAdvice("set kubernetes.podspec-tolerations: enabled in ConfigMap knative-serving/config-features")
	adviseCreate       = NewAdvice("create the namespace with `kubectl create namespace %s`")
)

// createAdvice is what to do when a service was refused. For what Knative's webhook
// refuses the API has no reason but the message.
func createAdvice(err error, namespace string) Advice {
	switch text := err.Error(); {
	case apierrors.IsForbidden(err) && strings.Contains(text, "quota"):
		return adviseQuota
	case apierrors.IsForbidden(err):
		return advisePermissions
	case apierrors.IsAlreadyExists(err):
		return adviseClean.With(namespace)
	case strings.Contains(text, "runtimeClassName"):
		return adviseFeature
	case strings.Contains(text, "nodeSelector"):
		return adviseNodeSelector
	case strings.Contains(text, "tolerations"):
		return adviseTolerations
	case strings.Contains(text, "initial-scale"):
		return adviseInitialScale
	case apierrors.IsNotFound(err):
		return adviseCreate.With(namespace)
	}
	return Advice{}
}
