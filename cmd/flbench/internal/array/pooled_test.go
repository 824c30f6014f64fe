//go:build !race

package array

// pooled is how many of the things that a call takes from pools it may have to make.
const pooled = 0
