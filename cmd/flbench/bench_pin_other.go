//go:build !linux

package main

import "errors"

const canPin = false

func pin(int) (unpin func(), err error) { return nil, errors.ErrUnsupported }
