//go:build !linux

package measure

import "errors"

const canPin = false

func pin(int) (unpin func(), err error) { return nil, errors.ErrUnsupported }
