package analysis

import "github.com/kn-coldstart/kn-coldstart/analysis/deploy"

// deployWarnings say what a reader of the deployments must know first.
func deployWarnings(groups []deploy.Group) []Warning {
	var list []Warning
	for i := range groups {
		g := &groups[i]
		warn := func(code Code, format string, args ...any) {
			list = append(list, warnCell(code, g.Key, format, args...))
		}
		for _, way := range []struct {
			what   string
			course *deploy.Course
		}{{"deployments", &g.Deployed}, {"removals", &g.Removed}} {
			if c := way.course; c.Failed > 0 {
				warn(Failures, "%d of %d %s did not come to their end; they are slower than any that did: %s", c.Failed, c.Planned, way.what, c.Failure)
			}
			if c := way.course; c.RouteUnknown > 0 {
				warn(Trouble, "of %d of %d %s it is not known when requests got through the ingress", c.RouteUnknown, c.Planned, way.what)
			}
		}
	}
	return list
}
