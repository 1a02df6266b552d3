package work

// Published are figures of a study for a class, as shares of native or in bytes. They come
// from another machine: they stand beside ours and are never a target.
type Published struct {
	RuntimeClass string `json:"runtimeClass"`
	Program      string `json:"program"`
	// Low and High are the least and the greatest share of native that a command of Redis
	// reached. Both are zero where the figure is of memory.
	Low  float64 `json:"low,omitempty"`
	High float64 `json:"high,omitempty"`
	// Memory is the overhead in memory over native, in words.
	Memory string `json:"memory,omitempty"`
	Source string `json:"source"`
}

const tampere = "Tampere University, thesis on container runtimes in embedded use, x86"

var published = []Published{
	{"runc", "redis", 0.79, 0.96, "", tampere}, {"runc", "", 0, 0, "< 50 MB", tampere},
	{"crun", "redis", 0.59, 0.85, "", tampere}, {"crun", "", 0, 0, "< 50 MB", tampere},
	{"gvisor", "redis", 0.05, 0.18, "", tampere},
	{"kata", "redis", 0.42, 0.68, "", tampere}, {"kata", "", 0, 0, "about 460 MB", tampere},
	{"kata-qemu", "redis", 0.42, 0.68, "", tampere}, {"kata-qemu", "", 0, 0, "about 460 MB", tampere},
}

// AddPublished adds what studies have published of the classes.
func (w *Work) AddPublished() {
	w.Published = []Published{}
	for _, side := range w.Sides {
		for _, p := range published {
			if p.RuntimeClass == side {
				w.Published = append(w.Published, p)
			}
		}
	}
}

// PublishedOf is what a study has of a program on a side, and of its memory. Either may be
// nil.
func (w *Work) PublishedOf(program, side string) (shares, memory *Published) {
	for i := range w.Published {
		p := &w.Published[i]
		if p.RuntimeClass == side && p.Program == program {
			shares = p
		}
		if p.RuntimeClass == side && p.Memory != "" {
			memory = p
		}
	}
	return shares, memory
}
