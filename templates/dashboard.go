package templates

import _ "embed"

//go:embed dashboard.json
var dashboard []byte

// Dashboard is a dashboard for Grafana, in its JSON. Its queries are for the metrics that
// package report writes; scripts/dashboard has Prometheus evaluate each of them.
func Dashboard() []byte { return dashboard }
