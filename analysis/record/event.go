package record

import "time"

// Kind is the kind of an event.
type Kind string

// The kinds of event. Kinds has the unit of each one's value.
const (
	// The course of an experiment.
	EventDiscardedRound   Kind = "discardedRound"
	EventTrialSkipped     Kind = "trialSkipped"
	EventNotAtZero        Kind = "notAtZero"
	EventRequestAbandoned Kind = "requestAbandoned"
	EventPreconnectFailed Kind = "preconnectFailed"
	EventProofFailed      Kind = "proofFailed"
	EventLimit            Kind = "limit"
	EventUnverified       Kind = "unverified"

	// The course of a load.
	EventLoadBegun      Kind = "loadBegun"
	EventLoadEnded      Kind = "loadEnded"
	EventSamplesLeftOut Kind = "samplesLeftOut"
	EventBackAtZero     Kind = "backAtZero"
	// The scale of a revision.
	EventScaleWanted    Kind = "scaleWanted"
	EventScaleRequested Kind = "scaleRequested"
	EventPanicMode      Kind = "panicMode"
	EventPanicUnread    Kind = "panicUnread"

	// The deployment of a run.
	EventServicesCreated Kind = "servicesCreated"
	EventServicesReady   Kind = "servicesReady"
	EventIngressFound    Kind = "ingressFound"
	EventImageDigest     Kind = "imageDigest"

	// The workers that send the requests.
	EventWorkerClock Kind = "workerClock"
	EventWorkersSkew Kind = "workersSkew"
	EventWorkerLost  Kind = "workerLost"

	// The watches of the tool.
	EventWatchDown Kind = "watchDown"
	EventWatchUp   Kind = "watchUp"

	// The life of an instance. Such an event carries the pod and its UID.
	EventInstanceCreated   Kind = "instanceCreated"
	EventInstanceScheduled Kind = "instanceScheduled"
	EventInstanceRunning   Kind = "instanceRunning"
	EventInstanceReady     Kind = "instanceReady"
	EventInstanceUnready   Kind = "instanceUnready"
	EventInstanceGone      Kind = "instanceGone"
	EventInstanceTrouble   Kind = "instanceTrouble"

	// The state of the cluster.
	EventComponentDown Kind = "componentDown"
	EventComponentUp   Kind = "componentUp"
	EventRouteRestored Kind = "routeRestored"
	EventNodeCondition Kind = "nodeCondition"
	EventUsageUnread   Kind = "usageUnread"

	EventDeploymentsUnread Kind = "deploymentsUnread"
)

// The resource types that Event.Watched names, as far as a reader needs to know them.
const (
	WatchedPods        = "pods"
	WatchedAutoscalers = "podautoscalers"
)

// KindInfo describes a kind of event.
type KindInfo struct {
	Kind Kind
	// Meaning is one sentence for people who read a run file.
	Meaning string
	// Unit is what the event's value counts or measures; empty where it has none.
	Unit string
	// Trouble says that something went wrong although the run went on. Reports warn
	// of such events.
	Trouble bool
}

// Kinds describes every kind of event that this version writes, once. The JSON
// Schema of the run file says the same; a test compares the two. Reports warn in
// this order.
var Kinds = []KindInfo{
	{EventDiscardedRound, "The first requests of the run warm caches and are left out of every summary.", "requests", false},
	{EventTrialSkipped, "A trial was not made, because its service did not return to zero pods or could not be reached.", "", true},
	{EventNotAtZero, "A service that should have had no pod while others were measured had one.", "", true},
	{EventRequestAbandoned, "A request was cut off because the run was interrupted, or its worker was lost. It is no sample.", "", true},
	{EventPreconnectFailed, "A connection could not be opened beforehand; its request then connected for itself.", "", true},
	{EventProofFailed, "The cluster could not say all about a sample that it should.", "", true},
	{EventLimit, "A search found the limit of a class; the message says what ended it.", "services, or requests a second of a load: the largest number that held", false},
	{EventUnverified, "The certificate of the ingress was not verified, so that it is not certain who answered.", "", true},
	{EventLoadBegun, "The requests of a load on a service begin; the message is its rate.", "instances that are Ready then", false},
	{EventLoadEnded, "The last request of a load has ended.", "seconds that it lasted", false},
	{EventSamplesLeftOut, "So many requests failed within one second that not all are written down by themselves.", "requests that are not", false},
	{EventBackAtZero, "After a load, its service has no instance any more.", "seconds since the last request of the load has ended", false},
	{EventScaleWanted, "The autoscaler wants another number of instances of a service.", "instances that it wants", false},
	{EventScaleRequested, "The deployment of a service asks for another number of instances.", "instances that it asks for", false},
	{EventPanicMode, "The autoscaler entered or left its panic mode for a service. The first such event of a load says how it was.", "1 in panic mode, 0 outside of it", false},
	{EventPanicUnread, "It could not be read whether the autoscaler is in its panic mode; the message says why.", "", false},
	{EventServicesCreated, "The services of the run were created.", "services", false},
	{EventServicesReady, "The services of the run are Ready and have no pod, or as many as a load is to begin with.", "services", false},
	{EventIngressFound, "The ingress was found only after the first service existed; the message is its address.", "", false},
	{EventImageDigest, "The kubelet said which image it ran for a class; the message is its digest.", "", false},
	{EventWorkerClock, "The clock of a worker, by its pod, was compared with the run's, to which its instants are moved.", "seconds that it has gained since it was compared before", false},
	{EventWorkersSkew, "The requests of a burst were sent by several workers.", "seconds from the first to the last, each from when it was due", false},
	{EventWorkerLost, "A worker, by its pod, did not send its share of the requests to the end, or did not tell of it; or it was lost while it had none.", "requests of which nothing is known", true},
	{EventWatchDown, "A watch lost its connection. What happens until it is up again may be seen late or not at all.", "", true},
	{EventWatchUp, "A watch is connected again.", "", false},
	{EventInstanceCreated, "An instance was created.", "instances of all classes that exist afterwards", false},
	{EventInstanceScheduled, "An instance was given a node.", "", false},
	{EventInstanceRunning, "All containers of an instance were started.", "", false},
	{EventInstanceReady, "An instance became Ready.", "instances of all classes that are Ready afterwards", false},
	{EventInstanceUnready, "An instance that was Ready is so no more: it ends, as a rule.", "instances of all classes that are Ready afterwards", false},
	{EventInstanceGone, "An instance exists no more.", "instances of all classes that exist afterwards", false},
	{EventInstanceTrouble, "Something keeps an instance from becoming Ready; causes says what.", "", true},
	{EventComponentDown, "A deployment of Knative lacks Ready pods.", "Ready pods of the deployment", true},
	{EventComponentUp, "A deployment of Knative has all of its pods again.", "Ready pods of the deployment", false},
	{EventRouteRestored, "The ingress let no request through after one had failed, and does so again.", "seconds for which it let none through", true},
	{EventNodeCondition, "A condition of a node that speaks against starting more instances begins or ends.", "1 where it begins, 0 where it ends", false},
	{EventUsageUnread, "The use of memory and CPU could not be read.", "", true},
	{EventDeploymentsUnread, "It could not be followed how services were deployed and removed; the message says why.", "", true},
}

// Event is something that happened and is not a sample: a fault, a service that
// was created, an instance whose state changed. The message is for people, and what a
// program needs to know stands in the other fields. Two kinds have nothing to say
// beside their fact, so that their message is the fact alone: the address of
// EventIngressFound, and the digest of EventImageDigest.
type Event struct {
	Type    Type          `json:"type"`
	At      time.Duration `json:"atNs"`
	Kind    Kind          `json:"kind"`
	Message string        `json:"message,omitempty"`
	// RuntimeClass, Variant, Service, Pod and UID are set where the event is about them.
	RuntimeClass string `json:"runtimeClass,omitempty"`
	Variant      string `json:"variant,omitempty"`
	Service      string `json:"service,omitempty"`
	Pod          string `json:"pod,omitempty"`
	UID          string `json:"uid,omitempty"`
	// Causes are those of an instance's trouble.
	Causes []Cause `json:"causes,omitempty"`
	// Node and Condition name the condition of a node, such as MemoryPressure.
	Node      string `json:"node,omitempty"`
	Condition string `json:"condition,omitempty"`
	// Component is a deployment of Knative, as NAMESPACE/NAME.
	Component string `json:"component,omitempty"`
	// Watched is the resource type whose watch went down or came up.
	Watched string `json:"watched,omitempty"`
	// ClockOffset is how far a worker's clock is ahead of the run's, and how uncertain that is;
	// of a skew it is how uncertain the skew is.
	ClockOffset *ClockOffset `json:"clockOffset,omitempty"`
	// Value counts or measures, in the unit that Kinds has for the kind.
	Value float64 `json:"value,omitempty"`
}
