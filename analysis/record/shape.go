package record

// Shape says how an experiment sends its requests and what decides when it ends.
// Readers go by it, so that a new command needs no change in them.
type Shape struct {
	// Rounds says that services are fired together, in rounds that do not overlap: a
	// round lasts until the next one begins. Rounds of one service count too.
	Rounds bool `json:"rounds,omitempty"`
	// Sides says that two variants, a and b, are measured in turns, block by block.
	Sides bool `json:"sides,omitempty"`
	// Load says that one service of each class is sent requests at a rate, one class after
	// the other. What became of them is in intervals.
	Load bool `json:"load,omitempty"`
	// Work says that instances of each class ran programs, one at a time. What these
	// measured is in works, beside those of Native.
	Work bool `json:"work,omitempty"`
	// Sequential says that the run ended as soon as its samples had answered its
	// question. Intervals and p-values that assume a fixed number of samples do not
	// hold for such a run.
	Sequential bool `json:"sequential,omitempty"`
}
