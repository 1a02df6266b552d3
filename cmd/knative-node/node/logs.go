package node

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/process"
)

// LogFiles lists the files of a component's log, the oldest first. The log of a daemon
// has two once it has become large. A workload has one for each start of its container.
func (l Layout) LogFiles(component string) ([]string, error) {
	if file := filepath.Join(l.logs(), filepath.Base(component)+".log"); exists(file) {
		if older := process.OlderLog(file); exists(older) {
			return []string{older, file}, nil
		}
		return []string{file}, nil
	}
	for _, w := range workloads {
		if w.name == component {
			pattern := fmt.Sprintf("%s_%s-*/%s/*.log", w.namespace, w.name, w.name)
			files, err := filepath.Glob(filepath.Join(l.PodLogs(), pattern))
			if err == nil && len(files) == 0 {
				err = fmt.Errorf("there is no log of %s in %s: is the node up?", component, l.PodLogs())
			}
			return files, err
		}
	}
	return nil, fmt.Errorf("there is no log of %q: the components are %s", component, strings.Join(ComponentNames(), ", "))
}
