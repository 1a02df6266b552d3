package templates

import (
	"errors"
	"regexp"
)

// quantity is the grammar of Kubernetes' resource quantities, without a minus: nothing
// can ask for less than nothing.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
var quantity = regexp.MustCompile(`^[+]?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$`)

// ValidateQuantity says what is wrong with a Kubernetes quantity, such as 100m or
// 64Mi.
func ValidateQuantity(s string) error {
	if !quantity.MatchString(s) {
		return errors.New("want a quantity of Kubernetes, such as 100m or 64Mi")
	}
	return nil
}
