//go:build unix

package abi

import (
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestUnreadable: memory that cannot be read, or written, is an error and no crash, whichever
// worker meets it, and the next call is as good as ever.
func TestUnreadable(t *testing.T) {
	const n = 300_000
	page, err := unix.Mmap(-1, 0, 8*n, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(page)
	none := unsafe.Pointer(&page[0])
	for _, r := range []*Request{nil, (*Request)(none)} {
		if code := Evaluate(r, nil, (*Error)(none)); code != InternalFault {
			t.Errorf("an fl_error: code %d", code)
		}
	}
	scores, labels, wide, grad := make([]float32, n), make([]uint8, n), make([]int64, n), make([]float32, n)
	for _, c := range []struct {
		name string
		set  func(r *Request)
	}{
		{"scores", func(r *Request) { r.Scores = none }},
		{"labels", func(r *Request) { r.Labels = none }},
		{"gradients", func(r *Request) { r.Gradients = none }},
		{"weights", func(r *Request) { r.Weights = (*float32)(none) }},
		{"scores of 64 bits", func(r *Request) { r.Scores, r.ScoresType = none, Float64 }},
		{"labels of 64 bits", func(r *Request) { r.Labels, r.LabelsType = none, Int64 }},
		{"gradients, in pieces", func(r *Request) { r.Labels, r.LabelsType, r.Gradients = unsafe.Pointer(&wide[0]), Int64, none }},
		{"gradients of 16 bits", func(r *Request) { r.Gradients, r.GradientsType = none, BFloat16 }},
		{"upstream", func(r *Request) { r.Gradients, r.Upstream, r.UpstreamCount = unsafe.Pointer(&grad[0]), none, n }},
		{"loss", func(r *Request) { r.Loss = (*byte)(none) }},
		{"strides", func(r *Request) { r.ScoresStrides = (*[2]int64)(none) }},
	} {
		for _, workers := range []int32{1, 2} {
			r := newRequest("focal", n, 1)
			r.Workers = workers
			r.Scores, r.Labels, r.LabelsForm, r.LabelsType = unsafe.Pointer(&scores[0]), unsafe.Pointer(&labels[0]), Labels, Uint8
			before := *r
			c.set(r)
			bad := newError()
			if code := Evaluate(r, nil, bad); code != InternalFault || !strings.Contains(bad.message(), "cannot be read or written") {
				t.Errorf("%s, %d workers: code %d, %q", c.name, workers, code, bad.message())
			}
			if Evaluate(&before, nil, bad) != OK {
				t.Errorf("%s, %d workers: the next call: %s", c.name, workers, bad.message())
			}
		}
	}
}
