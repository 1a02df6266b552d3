package record

// Kinds of event about an instance, whose UID they carry. Value is how many
// instances of all classes there are, or are Ready, after it; it counts nothing
// for the steps between.
const (
	EventInstanceCreated   = "instanceCreated"
	EventInstanceScheduled = "instanceScheduled"
	EventInstanceRunning   = "instanceRunning"
	EventInstanceReady     = "instanceReady"
	EventInstanceGone      = "instanceGone"
	// EventInstanceTrouble says why an instance cannot become Ready.
	EventInstanceTrouble = "instanceTrouble"
)

// EventNodeCondition is a condition of a node that speaks against starting more
// instances, such as MemoryPressure, beginning (Value 1) or ending (Value 0).
const EventNodeCondition = "nodeCondition"

// Kinds of event about all services of a run. Value is how many there are.
const (
	EventServicesCreated = "servicesCreated"
	EventServicesReady   = "servicesReady"
)

// EventUsageUnread says why the use of memory and CPU cannot be read.
const EventUsageUnread = "usageUnread"

// EventLimit is the limit of a class, found by a search: Value is the largest number
// of services that held, the message says what ended the search and why.
const EventLimit = "limit"
