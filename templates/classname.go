package templates

import "regexp"

var className = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

// DefaultClass is the name under which pods without a runtimeClassName are measured:
// they run with the default runtime of the cluster. It never stands for a RuntimeClass
// object, not even where there is one of that name.
const DefaultClass = "default"

// mostClassName is how long the name of a Kubernetes object may be.
const mostClassName = 253

// ValidateClassName says what is wrong with the name of a RuntimeClass, or "". It is
// a DNS subdomain as in RFC 1123, as Kubernetes wants it.
func ValidateClassName(name string) string {
	if len(name) > mostClassName || !className.MatchString(name) {
		return "want lower case letters, digits, dashes and dots, such as kata-qemu"
	}
	return ""
}
