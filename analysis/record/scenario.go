package record

// Scenario says which experiment of a scenario file a run is. The settings of the run tell
// what the file said.
type Scenario struct {
	// File is the name of the file, without its folder, and SHA256 that of its bytes.
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	// Experiment is its name in the file.
	Experiment string `json:"experiment"`
}
