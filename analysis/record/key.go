package record

import "fmt"

// Key identifies what samples are compared and counted under: one side of an
// experiment, and how many of its services were fired together. It is comparable,
// so it serves as a map key; String is for people only.
type Key struct {
	RuntimeClass string `json:"runtimeClass"`
	// Variant is the side of an A/B run, or the name of a service that existed before the
	// run. It is empty in other runs.
	Variant string `json:"variant,omitempty"`
	// Services is how many services were fired together; zero stands for the class
	// as a whole, whatever the number.
	Services int `json:"services"`
}

// Class is the key of the class as a whole.
func (k Key) Class() Key { return Key{RuntimeClass: k.RuntimeClass, Variant: k.Variant} }

// String is the RuntimeClass, followed by its variant if it has one, and by the number
// of services if there are several.
func (k Key) String() string {
	name := k.RuntimeClass
	if k.Variant != "" {
		name += " (" + k.Variant + ")"
	}
	if k.Services > 1 {
		return fmt.Sprintf("%s at %d services", name, k.Services)
	}
	return name
}

// Key is the sample's key.
func (s *Sample) Key() Key { return Key{s.RuntimeClass, s.Variant, s.Services} }

// Key is the event's class; its RuntimeClass is empty when the event is about none.
func (e *Event) Key() Key { return Key{RuntimeClass: e.RuntimeClass, Variant: e.Variant} }

// Key is the key of the class as a whole.
func (c Class) Key() Key { return Key{RuntimeClass: c.Name, Variant: c.Variant} }

// Key is the key of the target's class as a whole.
func (t Target) Key() Key { return Key{RuntimeClass: t.RuntimeClass, Variant: t.Variant} }
