package generic

// The passes over targets. The lengths of their arguments are equal multiples of Group, at most
// Block.

// CountTargets counts the targets that are greater than 0, of which some are 1, and those that
// are −1, for ignored. If any is none of these nor 0, invalid is greater than 0, and the counts
// mean nothing.
func CountTargets(y []float32) (positive, one, ignored, invalid int) {
	for _, y := range y {
		switch {
		case y > 0 && y <= 1:
			positive++
			if y == 1 {
				one++
			}
		case y == -1:
			ignored++
		case y != 0:
			invalid++
		}
	}
	return positive, one, ignored, invalid
}

// LabelTargets sets dst to what by has for the labels 0, 1 and, in its last place, 255.
func LabelTargets(dst []float32, y []uint8, by *[4]float32) {
	for i, y := range y {
		dst[i] = by[y&3]
	}
}

// SmoothTargets sets dst to scale·y + shift, rounded once, but to y where that is below 0. dst
// may be y.
func SmoothTargets(dst, y []float32, scale, shift float32) {
	for i, y := range y {
		if !(y < 0) {
			y = fma32(y, scale, shift)
		}
		dst[i] = y
	}
}
