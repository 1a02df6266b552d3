// Command etcd is etcd itself. It is a package of ours only so that the program is not
// named "server", as the package of etcd's own main is.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
