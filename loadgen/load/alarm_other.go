//go:build !linux

package load

import (
	"context"
	"errors"
)

func newKernelTimer(context.Context) (alarm, error) {
	return nil, errors.ErrUnsupported
}
