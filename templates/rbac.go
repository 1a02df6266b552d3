package templates

import _ "embed"

//go:embed rbac.yaml
var rbacText string

var rbacTemplate = parse("rbac.yaml", rbacText)

// RBAC says which roles are granted to whom.
type RBAC struct {
	// Namespace is where runs create their services.
	Namespace string
	// ServiceAccount in that namespace receives the roles.
	ServiceAccount string
	Roles          []Role
}

// Binding is the name under which a role is bound. Service accounts share roles in
// Knative's namespace and in the cluster, but each has a binding of its own.
func (r RBAC) Binding(role string) string {
	return role + ":" + r.Namespace + ":" + r.ServiceAccount
}

// Role is a Role, or a ClusterRole if it has no namespace.
type Role struct {
	Name, Namespace string
	// About are lines of a comment that say what the role is for.
	About []string
	Rules []Rule
}

// Kind is the role's in the API.
func (r Role) Kind() string {
	if r.Namespace == "" {
		return "ClusterRole"
	}
	return "Role"
}

// Rule allows verbs on a resource of an API group. If there are Names, it is of the
// objects of these names only.
type Rule struct {
	Group, Resource string
	Names, Verbs    []string
}

// RenderRBAC fills in rbac.yaml: the service account, the roles, and a binding of each.
func RenderRBAC(r RBAC) ([]byte, error) { return render(rbacTemplate, r) }
