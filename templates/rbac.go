package templates

import _ "embed"

//go:embed rbac.yaml
var rbacText string

var rbacTemplate = parse("rbac.yaml", rbacText)

// RBAC says for whom and where the permissions are granted.
type RBAC struct {
	// Namespace is where runs create their services.
	Namespace string
	// ServiceAccount in that namespace receives the permissions.
	ServiceAccount string
}

// RenderRBAC fills in rbac.yaml: the least permissions that the program works
// with, ready to be applied.
func RenderRBAC(r RBAC) ([]byte, error) { return render(rbacTemplate, r) }
