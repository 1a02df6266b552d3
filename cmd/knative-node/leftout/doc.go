// Package leftout says which parts of Traefik and Kubernetes are not compiled into the node.
// Nothing in it ever uses them, and they would take longer than all the rest of Traefik:
//
//   - Clients of hundreds of DNS services, by which Traefik's library lego could prove to a
//     certificate authority that a domain is its own. Package dns takes their place.
//   - Amazon's SDK, by which Traefik could find containers in Amazon's cloud. Package ecs
//     takes the place of the provider that uses it.
//   - Traefik's plugins: an interpreter of Go, a runtime for WebAssembly. Package plugins
//     takes their place.
//   - Two files of Kubernetes that only tests use. They import a whole fake cluster.
//
// Who asks Traefik for such a part gets an error that says so. All else is as it was
// released. Neither program has build tags for this, so overlay.json tells the compiler
// which files to take or not. It may not do that to the read-only cache of modules, but to
// links into it, which scripts/leave-out makes.
package leftout
