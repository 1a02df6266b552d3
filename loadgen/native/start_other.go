//go:build !linux

package native

import (
	"context"
	"errors"
)

var errOther = errors.New("programs of an image run natively on Linux only")

// possible says why this process cannot run an image natively.
func possible() error { return errOther }

// Start does what it does on Linux only.
func (r *Root) Start(context.Context) (address string, stop func() error, err error) {
	return "", nil, errOther
}
