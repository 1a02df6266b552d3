package node

import (
	"fmt"
	"path/filepath"
)

// LogFiles lists the files of a component's log, oldest first. A component that
// runs as a pod has one for each start of its container.
func (l Layout) LogFiles(component string) ([]string, error) {
	if file := filepath.Join(l.Logs(), filepath.Base(component)+".log"); exists(file) {
		return []string{file}, nil
	}
	for _, w := range workloads {
		if w.Name == component {
			pattern := fmt.Sprintf("%s_%s-*/%s/*.log", w.Namespace, w.Name, w.Name)
			files, err := filepath.Glob(filepath.Join(l.PodLogs(), pattern))
			if err == nil && len(files) == 0 {
				err = fmt.Errorf("no log of %s under %s: is the node up?", component, l.State)
			}
			return files, err
		}
	}
	return nil, fmt.Errorf("no log of %q: the components are %s", component, ComponentNames())
}
