package asm

// Sweep is all that the kernels of several losses are given, which take the same scores in
// one pass. The assembly reads the fields as it does those of [Call].
type Sweep struct {
	Input   Input    // what the scores are
	N       int      // scores: a multiple of 32, at most 4096; 0 does nothing
	Scores  *float32 // x: logits or probabilities
	Labels  *uint8   // y: 0, 1, or 255 for ignored
	Weights *float32 // factors of the weights, finite and ≥ 0; nil: all 1
	Entries *Entry   // the losses
	Count   int      // how many, at least one
	Cut     float32  // easy scores are those with the label 0 and x ≤ Cut
	Easy    int64    // how many are easy, added to
}

// Entry is a loss of a sweep.
type Entry struct {
	Formula Formula
	Reuse   int64      // not 0: q^γ is that of the entry before, which evaluated it
	Params  Params     // as far ahead of Lanes as in [Call]
	Lanes   [8]float64 // the lane sums of the canonical sum, added to
	Easy    [8]float64 // the same with +0 as the loss of all that is not easy, added to
}
