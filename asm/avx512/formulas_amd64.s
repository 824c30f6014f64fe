//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "words.h"
#include "terms.h"
#include "softterms.h"
#include "softformulas.h"
#include "frame.h"

// The formulas and their kernels, one line each. Per formula: its number in package asm; for
// logits VALUE, which sets F to the loss, and SLOPE, which sets D to the gradient and leaves
// the loss as U·W; the same for probabilities, where the loss is C·W. VALUE is of
// ANY scores, SWEPT or PLAIN ones, see terms.h.

GLOBL ·entries(SB), RODATA|NOPTR, $const_sizeofEntries
GLOBL ·sweeps(SB), RODATA|NOPTR, $const_sizeofSweeps

// Cross-entropy: w·softplus(u), gradient ±w·q.
#define CE 0
#define CE_VALUE(WHEN, o, U, W, L, D, Q, F) \
	LOG1PEXP(WHEN, o, L, D); \
	SOFTPLUS(WHEN, o, U, L); \
	VMULPS W, U, F                /* F = w·softplus(u) */
#define CE_SLOPE(o, U, W, L, D, Q) \
	SOFTPLUS(ANY, o, U, L); \
	VMULPS Q, W, D                /* D = ±w·q */
#define CE_PROB_VALUE(WHEN, o, U, W, C, F) \
	VMULPS C, W, F                /* F = w·CE */
#define CE_PROB_SLOPE(o, Q, W, T, C, D) \
	VDIVPS T, W, D                /* D = ±w/p_t */
LOGITS_LOSS(ceLoss, CE, NOPOWER, CE_VALUE)
LOGITS_GRADIENT(ceGradient, CE, NOPOWER, CE_SLOPE)
PROBS_LOSS(ceProbLoss, CE, NOPOWER, CE_PROB_VALUE)
PROBS_GRADIENT(ceProbGradient, CE, NOPOWER, CE_PROB_SLOPE)
LOGITS_SWEEP(ceSweep, CE, NOPOWER, CE_VALUE)
PROBS_SWEEP(ceProbSweep, CE, NOPOWER, CE_PROB_VALUE)

// Focal loss, γ = 1: w·q·softplus(u), gradient ±w·q·(q + p_t·softplus(u)).
#define FOCAL1 1
#define FOCAL1_VALUE(WHEN, o, U, W, L, D, Q, F) \
	SIGMOID(WHEN, o, U, L, D, Q); \
	VMULPS Q, W, W                /* W = w·q */; \
	LOG1PEXP(WHEN, o, L, D); \
	SOFTPLUS(WHEN, o, U, L); \
	VMULPS W, U, F                /* F = (w·q)·softplus(u) */
#define FOCAL1_SLOPE(o, U, W, L, D, Q) \
	TRUEPROB(o, U, D, Q); \
	SOFTPLUS(ANY, o, U, L); \
	VFMADD213PS Q, U, D           /* D = q + p_t·softplus(u) */; \
	VMULPS Q, W, W                /* W = ±w·q */; \
	VMULPS W, D, D                /* D = g */
#define FOCAL1_PROB_VALUE(WHEN, o, U, W, C, F) \
	PROBQ(WHEN, o, U); \
	VMULPS U, W, W                /* W = w·q */; \
	VMULPS C, W, F                /* F = (w·q)·CE */
#define FOCAL1_PROB_SLOPE(o, Q, W, T, C, D) \
	VDIVPS T, Q, D; \
	VADDPS C, D, D; \
	VMULPS W, D, D                /* D = ±w·(q/p_t + CE) */; \
	VMULPS Q, W, W                /* W = ±w·q */
LOGITS_LOSS(focal1Loss, FOCAL1, NOPOWER, FOCAL1_VALUE)
LOGITS_GRADIENT(focal1Gradient, FOCAL1, NOPOWER, FOCAL1_SLOPE)
PROBS_LOSS(focal1ProbLoss, FOCAL1, NOPOWER, FOCAL1_PROB_VALUE)
PROBS_GRADIENT(focal1ProbGradient, FOCAL1, NOPOWER, FOCAL1_PROB_SLOPE)
LOGITS_SWEEP(focal1Sweep, FOCAL1, NOPOWER, FOCAL1_VALUE)
PROBS_SWEEP(focal1ProbSweep, FOCAL1, NOPOWER, FOCAL1_PROB_VALUE)

// Focal loss, γ = 2: (w·q)·q·softplus(u), gradient ±w·q²·(q + 2·p_t·softplus(u)). The loss
// takes (w·q)·q, and the gradient w·q²: each has the smaller error so.
#define FOCAL2 2
#define FOCAL2_VALUE(WHEN, o, U, W, L, D, Q, F) \
	SIGMOID(WHEN, o, U, L, D, Q); \
	VMULPS Q, W, W; \
	VMULPS Q, W, W                /* W = (w·q)·q */; \
	LOG1PEXP(WHEN, o, L, D); \
	SOFTPLUS(WHEN, o, U, L); \
	VMULPS W, U, F                /* F = ((w·q)·q)·softplus(u) */
#define FOCAL2_SLOPE(o, U, W, L, D, Q) \
	TRUEPROB(o, U, D, Q); \
	SOFTPLUS(ANY, o, U, L); \
	VADDPS D, D, D                /* D = 2·p_t */; \
	VFMADD213PS Q, U, D           /* D = q + 2·p_t·softplus(u) */; \
	VMULPS Q, Q, L                /* L = q² */; \
	VMULPS L, W, L                /* L = ±w·q² */; \
	VMULPS L, D, D                /* D = g */; \
	VMULPS Q, W, W; \
	VMULPS Q, W, W                /* W = ±(w·q)·q */
#define FOCAL2_PROB_VALUE(WHEN, o, U, W, C, F) \
	PROBSIGNEDQ(WHEN, o, U); \
	VMULPS U, U, U; \
	VMULPS U, W, W                /* W = w·q² */; \
	VMULPS C, W, F                /* F = (w·q²)·CE */
#define FOCAL2_PROB_SLOPE(o, Q, W, T, C, D) \
	VDIVPS T, Q, D; \
	VADDPS C, C, T; \
	VADDPS T, D, D                /* D = q/p_t + 2·CE */; \
	VMULPS Q, W, T; \
	VMULPS T, D, D                /* D = ±w·q·(q/p_t + 2·CE) */; \
	VMULPS Q, Q, Q; \
	VMULPS Q, W, W                /* W = ±w·q² */
LOGITS_LOSS(focal2Loss, FOCAL2, NOPOWER, FOCAL2_VALUE)
LOGITS_GRADIENT(focal2Gradient, FOCAL2, NOPOWER, FOCAL2_SLOPE)
PROBS_LOSS(focal2ProbLoss, FOCAL2, NOPOWER, FOCAL2_PROB_VALUE)
PROBS_GRADIENT(focal2ProbGradient, FOCAL2, NOPOWER, FOCAL2_PROB_SLOPE)
LOGITS_SWEEP(focal2Sweep, FOCAL2, NOPOWER, FOCAL2_VALUE)
PROBS_SWEEP(focal2ProbSweep, FOCAL2, NOPOWER, FOCAL2_PROB_VALUE)

// Focal loss, any γ > 0: w·q^γ·softplus(u), gradient ±w·q^γ·(q + γ·p_t·softplus(u)), from
// probabilities ±w·q^γ·(1/p_t + γ·CE/q).
#define FOCAL 3
#define FOCAL_VALUE(WHEN, o, U, W, P, L, D, Q, F) \
	VMULPS WEIGHT(WHEN, o, W), P, W /* W = w·q^γ */; \
	POWERTERMS(WHEN, o, U, L); \
	SOFTPLUS(WHEN, o, U, L); \
	VMULPS W, U, F                /* F = (w·q^γ)·softplus(u) */
#define FOCAL_SLOPE(o, U, W, P, L, D, Q) \
	VMULPS WS(o), P, W            /* W = ±w·q^γ */; \
	VMOVUPS US(o), U; \
	VMOVUPS LOG1PS(o), L; \
	VMOVUPS QS(o), Q; \
	TRUEPROB(o, U, D, Q); \
	SOFTPLUS(ANY, o, U, L); \
	VMULPS.BCST PARAM(params_Gamma), D, D /* D = γ·p_t */; \
	VFMADD213PS Q, U, D           /* D = q + γ·p_t·softplus(u) */; \
	VMULPS W, D, D                /* D = g */
#define FOCAL_PROB_VALUE(WHEN, o, U, W, C, F) \
	VMULPS POWERS(o), W, W        /* W = w·q^γ */; \
	VMULPS C, W, F                /* F = (w·q^γ)·CE */
#define FOCAL_PROB_SLOPE(o, Q, W, T, C, D) \
	VMULPS POWERS(o), W, W        /* W = ±w·q^γ */; \
	VDIVPS T, W, D                /* D = ±w·q^γ/p_t */; \
	VMAXPS.BCST ·constants+table_least(SB), Q, Q /* Q = max(q, 2⁻¹⁴⁹) */; \
	VDIVPS Q, C, Q                /* Q = CE/q */; \
	VMULPS.BCST PARAM(params_Gamma), W, T /* T = ±w·q^γ·γ */; \
	VFMADD231PS Q, T, D           /* D = ±w·q^γ·(1/p_t + γ·CE/q) */
LOGITS_LOSS(focalLoss, FOCAL, POWER, FOCAL_VALUE)
LOGITS_GRADIENT(focalGradient, FOCAL, POWER, FOCAL_SLOPE)
PROBS_LOSS(focalProbLoss, FOCAL, POWER, FOCAL_PROB_VALUE)
PROBS_GRADIENT(focalProbGradient, FOCAL, POWER, FOCAL_PROB_SLOPE)
LOGITS_SWEEP(focalSweep, FOCAL, POWER, FOCAL_VALUE)
PROBS_SWEEP(focalProbSweep, FOCAL, POWER, FOCAL_PROB_VALUE)

// The kernels of targets, whose formulas are in softformulas.h.
SOFT_LOSS(softceLoss, SOFTCE, SOFT_PASSES, BYTERM, SOFTCE_VALUE)
SOFT_GRADIENT(softceGradient, SOFTCE, SOFT_PASSES, BYTERM, SOFTCE_SLOPE)
SOFT_HESSIAN(softceHessian, SOFTCE, SOFT_PASSES, BYTERM, SOFTCE_CURVE)
SOFT_LOSS(softbalancedLoss, SOFTBALANCED, SOFT_PASSES, LINEAR, SOFTCE_VALUE)
SOFT_GRADIENT(softbalancedGradient, SOFTBALANCED, SOFT_PASSES, LINEAR, SOFTBALANCED_SLOPE)
SOFT_HESSIAN(softbalancedHessian, SOFTBALANCED, SOFT_PASSES, LINEAR, SOFTBALANCED_CURVE)
SOFT_LOSS(softfocal1Loss, SOFTFOCAL1, SOFT_PASSES, LINEAR, SOFTFOCAL1_VALUE)
SOFT_GRADIENT(softfocal1Gradient, SOFTFOCAL1, SOFT_PASSES, LINEAR, SOFTFOCAL1_SLOPE)
SOFT_HESSIAN(softfocal1Hessian, SOFTFOCAL1, SOFT_PASSES, LINEAR, SOFTFOCAL1_CURVE)
SOFT_LOSS(softfocal2Loss, SOFTFOCAL2, SOFT_PASSES, LINEAR, SOFTFOCAL2_VALUE)
SOFT_GRADIENT(softfocal2Gradient, SOFTFOCAL2, SOFT_PASSES, LINEAR, SOFTFOCAL2_SLOPE)
SOFT_HESSIAN(softfocal2Hessian, SOFTFOCAL2, SOFT_PASSES, LINEAR, SOFTFOCAL2_CURVE)
SOFT_LOSS(softfocalLoss, SOFTFOCAL, SOFT_POWER_PASSES, LINEAR, SOFTFOCAL_VALUE)
SOFT_GRADIENT(softfocalGradient, SOFTFOCAL, SOFT_POWER_PASSES, LINEAR, SOFTFOCAL_SLOPE)
SOFT_HESSIAN(softfocalHessian, SOFTFOCAL, SOFT_POWER_PASSES, LINEAR, SOFTFOCAL_CURVE)
SOFT_LOSS(quality2Loss, QUALITY2, SOFT_PASSES, LINEAR, QUALITY2_VALUE)
SOFT_GRADIENT(quality2Gradient, QUALITY2, SOFT_PASSES, LINEAR, QUALITY2_SLOPE)
SOFT_HESSIAN(quality2Hessian, QUALITY2, SOFT_PASSES, LINEAR, QUALITY2_CURVE)
SOFT_LOSS(qualityLoss, QUALITY, QUALITY_POWER_PASSES, LINEAR, SOFTFOCAL_VALUE)
SOFT_GRADIENT(qualityGradient, QUALITY, QUALITY_POWER_PASSES, LINEAR, QUALITY_SLOPE)
SOFT_HESSIAN(qualityHessian, QUALITY, QUALITY_POWER_PASSES, LINEAR, QUALITY_CURVE)
SOFT_LOSS(varifocal2Loss, VARIFOCAL2, SOFT_PASSES, BYTARGET, VARIFOCAL2_VALUE)
SOFT_GRADIENT(varifocal2Gradient, VARIFOCAL2, SOFT_PASSES, BYTARGET, VARIFOCAL2_SLOPE)
SOFT_HESSIAN(varifocal2Hessian, VARIFOCAL2, SOFT_PASSES, BYTARGET, VARIFOCAL2_CURVE)
SOFT_LOSS(varifocalLoss, VARIFOCAL, SOFT_POWER_PASSES, BYTARGET, VARIFOCAL_VALUE)
SOFT_GRADIENT(varifocalGradient, VARIFOCAL, SOFT_POWER_PASSES, BYTARGET, VARIFOCAL_SLOPE)
SOFT_HESSIAN(varifocalHessian, VARIFOCAL, SOFT_POWER_PASSES, BYTARGET, VARIFOCAL_CURVE)
