package generic

// CountLabels counts the labels 1 and 255. If any is none of 0, 1, 255, invalid is
// greater than 0, and the counts mean nothing. len(y) is a multiple of Group, at most
// Block.
func CountLabels(y []uint8) (positive, ignored, invalid int) {
	var n uint64 // the three counts, each in 16 bits, which Block fits in
	for _, l := range y {
		n += labelCount[l]
	}
	return int(n & 0xffff), int(n >> 16 & 0xffff), int(n >> 32)
}

// labelCount[l] is what the label l adds to the counts.
var labelCount = func() (t [256]uint64) {
	for l := range t {
		t[l] = 1 << 32
	}
	t[0], t[1], t[255] = 0, 1, 1<<16
	return t
}()
