package record

// Kinds of event about an instance, whose UID they carry. Value is how many
// instances of all classes there are, or are Ready, after it.
const (
	EventInstanceCreated = "instanceCreated"
	EventInstanceReady   = "instanceReady"
	EventInstanceGone    = "instanceGone"
)
