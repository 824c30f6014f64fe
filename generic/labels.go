package generic

// CountLabels counts the labels 1 and 255. If any is none of 0, 1, 255, invalid is
// greater than 0, and the counts mean nothing. len(y) is a multiple of Group, at most
// Block.
func CountLabels(y []uint8) (positive, ignored, invalid int) {
	for _, l := range y {
		switch l {
		case 0:
		case 1:
			positive++
		case 255:
			ignored++
		default:
			invalid++
		}
	}
	return positive, ignored, invalid
}
