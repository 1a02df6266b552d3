package ksvc

import (
	"time"

	"knative.dev/pkg/apis"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
)

// service is what the watch saw of one Knative Service. It is guarded by its
// Watch's lock.
type service struct {
	name     string
	class    string
	variant  string
	revision string
	host     string
	ready    bool
	gone     bool
	// condition is the last state in words; failed is since when Ready is
	// False, zero while it is not.
	condition string
	failed    time.Duration
	changed   signal
}

// observe takes in one version of the Service.
func (v *service) observe(o *servingv1.Service, at time.Duration) {
	v.class, v.variant, v.gone = o.Labels[LabelRuntimeClass], o.Labels[LabelVariant], false
	v.revision = o.Status.LatestReadyRevisionName
	if u := o.Status.URL; u != nil {
		v.host = u.Host
	}
	v.ready = o.IsReady() && v.revision != "" && v.host != ""
	v.condition = describeConditions(o)
	current := o.Status.ObservedGeneration == o.Generation
	switch c := o.Status.GetCondition(apis.ConditionReady); {
	case !current || !c.IsFalse():
		v.failed = 0
	case v.failed == 0:
		v.failed = at
	}
}

// describeConditions is the first condition that is not true, in words.
func describeConditions(o *servingv1.Service) string {
	if len(o.Status.Conditions) == 0 {
		return "no condition yet"
	}
	order := []apis.ConditionType{
		servingv1.ServiceConditionConfigurationsReady, servingv1.ServiceConditionRoutesReady, servingv1.ServiceConditionReady,
	}
	for _, want := range []bool{true, false} { // failed ones before unknown ones
		for _, kind := range order {
			c := o.Status.GetCondition(kind)
			if c == nil || c.IsTrue() || c.IsFalse() != want {
				continue
			}
			return joined(string(kind)+" is "+string(c.Status), c.Reason, c.Message)
		}
	}
	return "Ready"
}
