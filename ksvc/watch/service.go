package watch

import (
	"time"

	"knative.dev/pkg/apis"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
)

// service is what the watch saw of one Knative Service. It is guarded by its
// Watch's lock.
type service struct {
	name     string
	key      record.Key
	revision string
	host     string
	ready    bool
	gone     bool
	// condition is the latest state in words, and trouble what it comes down to.
	condition string
	trouble   ksvc.Trouble
	// failed is since when Ready is False; it is zero while Ready is not.
	failed time.Duration
	// routes are where requests went, in the order of time.
	routes  []route
	changed feed.Signal
}

// observe takes in one version of the Service, which is counted under key.
func (v *service) observe(o *servingv1.Service, key record.Key, at time.Duration) {
	v.key, v.gone = key, false
	v.revision = o.Status.LatestReadyRevisionName
	if u := o.Status.URL; u != nil {
		v.host = u.Host
	}
	v.observeRoute(o, at)
	v.ready = o.IsReady() && v.revision != "" && v.host != ""
	v.condition, v.trouble = describeConditions(o)
	current := o.Status.ObservedGeneration == o.Generation
	switch c := o.Status.GetCondition(apis.ConditionReady); {
	case !current || !c.IsFalse():
		v.failed = 0
	case v.failed == 0:
		v.failed = at
	}
}

// describeConditions is the first condition that is not true, in words and as a
// trouble.
func describeConditions(o *servingv1.Service) (string, ksvc.Trouble) {
	if len(o.Status.Conditions) == 0 {
		return "no condition yet", ksvc.Trouble{}
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
			words := phrase.Join(string(kind)+" is "+string(c.Status), c.Reason, c.Message)
			return words, ksvc.NewTrouble(c.Reason, words)
		}
	}
	return "Ready", ksvc.Trouble{}
}
