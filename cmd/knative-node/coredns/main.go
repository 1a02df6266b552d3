// Command coredns is CoreDNS with only those plugins that the node's Corefile names, in
// deploy/manifests/coredns.yaml. All the others, and the clouds' SDKs that some of them
// need, would take longer to compile than the rest.
package main

import (
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
)

func main() { coremain.Run() }
