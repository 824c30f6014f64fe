//go:build race

package array

// pooled is how many of the things that a call takes from pools it may have to make:
// under the race detector a sync.Pool loses some on purpose.
const pooled = 10
