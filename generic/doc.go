// Package generic holds flengine's kernels in pure Go: the reference that the
// assembly must match bit for bit, and the implementation wherever there is no
// assembly.
//
// # Kernels
//
// A loss kernel evaluates, for each score i of a batch,
//
//	u = y[i] == 1 ? −x[i] : x[i]            the logit against the label
//	loss = w·q^γ·softplus(u)                q = σ(u) = 1 − p_t, softplus(u) = −ln p_t
//
// and a gradient kernel also ∂loss/∂x = ±w·q^γ·(q + γ·p_t·softplus(u)). For γ = 2 the
// loss takes (w·q)·q and the gradient w·q², which bounds both errors best. Labels
// are 0, 1, or 255 for an ignored score, whose loss and gradient are +0 if its
// logit is finite. The formulas of γ = 0, 1, 2 ignore the γ of their params.
//
// What a kernel is given is in [asm.Call].
//
// From probabilities a kernel evaluates
//
//	loss = w·q^γ·CE                     q = 1 − p_t, CE = min(−ln p_t, 100)
//
// with p_t = x for the label 1, else 1 − x, and for the gradient by x
//
//	∓w·q^γ·(1/max(p_t, 1e-12) + γ·CE/q)
//
// where CE/q counts as any finite number for q = 0. −0 is the probability 0.
//
// # Bad scores
//
// A NaN logit, and an infinite one on the wrong side of its label, makes its
// loss, hence the sum of lanes in acc, NaN or +Inf. So does a score that is no
// probability in [0, 1], also in an ignored place, but by way of the losses of
// other scores. That is how callers find
// out: kernels do not check.
//
// # Arithmetic
//
// Every operation is an IEEE 754 float32 operation rounded to nearest even, in
// an order that is part of the contract. FMA is fused, emulated exactly here.
// float32(a*b) marks products that the compiler must not fuse with a sum.
package generic
