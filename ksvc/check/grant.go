package check

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Grant says to whom permissions are granted, and for what.
type Grant struct {
	// Namespace is where runs create their services.
	Namespace string
	// ServiceAccount in that namespace is whom runs act as.
	ServiceAccount string
	// Traces grants what --traces needs, Workers what --workers does, and Usage what instances on
	// other machines use.
	Traces, Workers, Usage bool
	// Run is the run that the roles are of, which then have names of their own. Otherwise
	// all service accounts of the cluster share them.
	Run string
}

var (
	adviseRunsNamespace  = ksvc.NewAdvice("name the namespace of the runs with --namespace")
	adviseServiceAccount = ksvc.NewAdvice("name a service account of lower-case letters, digits, - and .")
)

// Validate reports what no cluster can have.
func (g Grant) Validate() error {
	if g.Namespace == "" {
		return ksvc.WithHint(errors.New("--namespace is missing"), adviseRunsNamespace)
	}
	if err := ksvc.ValidateNamespace(g.Namespace); err != nil {
		return err
	}
	if reasons := validation.IsDNS1123Subdomain(g.ServiceAccount); len(reasons) > 0 {
		return ksvc.WithHint(fmt.Errorf("--service-account is %q: no service account can have that name", g.ServiceAccount), adviseServiceAccount)
	}
	return nil
}

// Flags are those of `kn-coldstart rbac` that grant what not every run needs, each behind a
// space.
func (g Grant) Flags() string {
	flags := ""
	if g.Traces {
		flags += " --traces"
	}
	if g.Workers {
		flags += " --workers"
	}
	if g.Usage {
		flags += " --usage"
	}
	return flags
}

// Manifests are a service account, roles, and a binding of each, as a stream of YAML
// documents that kubectl applies.
func (g Grant) Manifests() ([]byte, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	values := templates.RBAC{Namespace: g.Namespace, ServiceAccount: g.ServiceAccount}
	for _, r := range roles(g.Namespace) {
		if r.need == forTraces && !g.Traces || r.need == forWorkers && !g.Workers || r.need == forUsage && !g.Usage {
			continue
		}
		values.Roles = append(values.Roles, g.template(r))
	}
	return templates.RenderRBAC(values)
}

func (g Grant) template(r role) templates.Role {
	t := templates.Role{Name: r.name, Namespace: r.namespace, About: r.about}
	if g.Run != "" {
		t.Name += "-" + g.Run
	}
	for _, p := range r.permissions {
		t.Rules = append(t.Rules, templates.Rule{Group: p.group, Resource: p.resource, Names: p.names, Verbs: p.verbs})
	}
	return t
}
