//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "words.h"
#include "terms.h"
#include "softterms.h"
#include "frame.h"

// The formulas and their kernels, one line each. Per formula: its number in package asm; for
// logits VALUE, which sets F to the loss, and SLOPE, which sets D to the gradient and leaves
// the loss as U·W; the same for probabilities, where the loss is C·W. VALUE is of ANY scores
// or of PLAIN ones, see terms.h.

GLOBL ·entries(SB), RODATA|NOPTR, $const_sizeofEntries
GLOBL ·sweeps(SB), RODATA|NOPTR, $const_sizeofSweeps

// Cross-entropy: w·softplus(u), gradient ±w·q.
#define CE 0
#define CE_VALUE(WHEN, o, U, W, E, D, F) \
	SOFTPLUS(WHEN, o, U); \
	VMULPS W, U, F                /* F = w·softplus(u) */
#define CE_SLOPE(o, U, W, E, D, Q) \
	SOFTPLUS(ANY, o, U); \
	VMULPS Q, W, D                /* D = ±w·q */
#define CE_PROB_VALUE(WHEN, o, U, W, F) \
	VMULPS CES(o), W, F             /* F = w·CE */
#define CE_PROB_SLOPE(o, Q, W, T, C, D) \
	VDIVPS T, W, D                /* D = ±w/p_t */
LOGITS_LOSS(ceLoss, CE, LOGITS_PASSES, CE_VALUE)
LOGITS_GRADIENT(ceGradient, CE, LOGITS_PASSES, CE_SLOPE)
PROBS_LOSS(ceProbLoss, CE, PROBS_PASSES, CE_PROB_VALUE)
PROBS_GRADIENT(ceProbGradient, CE, PROBS_PASSES, CE_PROB_SLOPE)
LOGITS_SWEEP(ceSweep, CE, NOPASS, CE_VALUE)
PROBS_SWEEP(ceProbSweep, CE, NOPASS, CE_PROB_VALUE)

// Focal loss, γ = 1: w·q·softplus(u), gradient ±w·q·(q + p_t·softplus(u)).
#define FOCAL1 1
#define FOCAL1_VALUE(WHEN, o, U, W, E, D, F) \
	VMOVUPS EXPS(o), E; \
	SIGMOID(WHEN, U, E, D, E); \
	VMULPS E, W, W                /* W = w·q */; \
	SOFTPLUS(WHEN, o, U); \
	VMULPS W, U, F                /* F = (w·q)·softplus(u) */
#define FOCAL1_SLOPE(o, U, W, E, D, Q) \
	TRUEPROB(U, E, D, Q); \
	SOFTPLUS(ANY, o, U); \
	VFMADD213PS Q, U, D           /* D = q + p_t·softplus(u) */; \
	VMULPS Q, W, W                /* W = ±w·q */; \
	VMULPS W, D, D                /* D = g */
#define FOCAL1_PROB_VALUE(WHEN, o, U, W, F) \
	PROBQ(WHEN, o, U); \
	VMULPS U, W, W                /* W = w·q */; \
	VMULPS CES(o), W, F             /* F = (w·q)·CE */
#define FOCAL1_PROB_SLOPE(o, Q, W, T, C, D) \
	VDIVPS T, Q, D; \
	VADDPS C, D, D; \
	VMULPS W, D, D                /* D = ±w·(q/p_t + CE) */; \
	VMULPS Q, W, W                /* W = ±w·q */
LOGITS_LOSS(focal1Loss, FOCAL1, LOGITS_PASSES, FOCAL1_VALUE)
LOGITS_GRADIENT(focal1Gradient, FOCAL1, LOGITS_PASSES, FOCAL1_SLOPE)
PROBS_LOSS(focal1ProbLoss, FOCAL1, PROBS_PASSES, FOCAL1_PROB_VALUE)
PROBS_GRADIENT(focal1ProbGradient, FOCAL1, PROBS_PASSES, FOCAL1_PROB_SLOPE)
LOGITS_SWEEP(focal1Sweep, FOCAL1, NOPASS, FOCAL1_VALUE)
PROBS_SWEEP(focal1ProbSweep, FOCAL1, NOPASS, FOCAL1_PROB_VALUE)

// Focal loss, γ = 2: (w·q)·q·softplus(u), gradient ±w·q²·(q + 2·p_t·softplus(u)). The loss
// takes (w·q)·q, and the gradient w·q²: each has the smaller error so.
#define FOCAL2 2
#define FOCAL2_VALUE(WHEN, o, U, W, E, D, F) \
	VMOVUPS EXPS(o), E; \
	SIGMOID(WHEN, U, E, D, E); \
	VMULPS E, W, W; \
	VMULPS E, W, W                /* W = (w·q)·q */; \
	SOFTPLUS(WHEN, o, U); \
	VMULPS W, U, F                /* F = ((w·q)·q)·softplus(u) */
#define FOCAL2_SLOPE(o, U, W, E, D, Q) \
	TRUEPROB(U, E, D, Q); \
	SOFTPLUS(ANY, o, U); \
	VADDPS D, D, D                /* D = 2·p_t */; \
	VFMADD213PS Q, U, D           /* D = q + 2·p_t·softplus(u) */; \
	VMULPS Q, Q, E                /* E = q² */; \
	VMULPS E, W, E                /* E = ±w·q² */; \
	VMULPS E, D, D                /* D = g */; \
	VMULPS Q, W, W; \
	VMULPS Q, W, W                /* W = ±(w·q)·q */
#define FOCAL2_PROB_VALUE(WHEN, o, U, W, F) \
	PROBSIGNEDQ(WHEN, o, U); \
	VMULPS U, U, U; \
	VMULPS U, W, W                /* W = w·q² */; \
	VMULPS CES(o), W, F             /* F = (w·q²)·CE */
#define FOCAL2_PROB_SLOPE(o, Q, W, T, C, D) \
	VDIVPS T, Q, D; \
	VADDPS C, C, T; \
	VADDPS T, D, D                /* D = q/p_t + 2·CE */; \
	VMULPS Q, W, T; \
	VMULPS T, D, D                /* D = ±w·q·(q/p_t + 2·CE) */; \
	VMULPS Q, Q, Q; \
	VMULPS Q, W, W                /* W = ±w·q² */
LOGITS_LOSS(focal2Loss, FOCAL2, LOGITS_PASSES, FOCAL2_VALUE)
LOGITS_GRADIENT(focal2Gradient, FOCAL2, LOGITS_PASSES, FOCAL2_SLOPE)
PROBS_LOSS(focal2ProbLoss, FOCAL2, PROBS_PASSES, FOCAL2_PROB_VALUE)
PROBS_GRADIENT(focal2ProbGradient, FOCAL2, PROBS_PASSES, FOCAL2_PROB_SLOPE)
LOGITS_SWEEP(focal2Sweep, FOCAL2, NOPASS, FOCAL2_VALUE)
PROBS_SWEEP(focal2ProbSweep, FOCAL2, NOPASS, FOCAL2_PROB_VALUE)

// Focal loss, any γ > 0: w·q^γ·softplus(u), gradient ±w·q^γ·(q + γ·p_t·softplus(u)), from
// probabilities ±w·q^γ·(1/p_t + γ·CE/q). POWERS(o) = q^γ.
#define FOCAL 3
#define FOCAL_VALUE(WHEN, o, U, W, E, D, F) \
	VMULPS POWERS(o), W, W             /* W = w·q^γ */; \
	SOFTPLUS(WHEN, o, U); \
	VMULPS W, U, F                /* F = (w·q^γ)·softplus(u) */
#define FOCAL_SLOPE(o, U, W, E, D, Q) \
	TRUEPROB(U, E, D, Q); \
	SOFTPLUS(ANY, o, U); \
	VBROADCASTSS PARAM(params_Gamma), E /* E = γ */; \
	VMULPS E, D, D                /* D = γ·p_t */; \
	VFMADD213PS Q, U, D           /* D = q + γ·p_t·softplus(u) */; \
	VMULPS POWERS(o), W, W             /* W = ±w·q^γ */; \
	VMULPS W, D, D                /* D = g */
#define FOCAL_PROB_VALUE(WHEN, o, U, W, F) \
	VMULPS POWERS(o), W, W             /* W = w·q^γ */; \
	VMULPS CES(o), W, F             /* F = (w·q^γ)·CE */
#define FOCAL_PROB_SLOPE(o, Q, W, T, C, D) \
	VMULPS POWERS(o), W, W             /* W = ±w·q^γ */; \
	VDIVPS T, W, D                /* D = ±w·q^γ/p_t */; \
	VMAXPS ·constants+table_least(SB), Q, Q /* Q = max(q, 2⁻¹⁴⁹) */; \
	VDIVPS Q, C, Q                /* Q = CE/q */; \
	VBROADCASTSS PARAM(params_Gamma), T; \
	VMULPS T, W, T                /* T = ±w·q^γ·γ */; \
	VFMADD231PS Q, T, D           /* D = ±w·q^γ·(1/p_t + γ·CE/q) */
LOGITS_LOSS(focalLoss, FOCAL, LOGITS_POWER_PASSES, FOCAL_VALUE)
LOGITS_GRADIENT(focalGradient, FOCAL, LOGITS_POWER_PASSES, FOCAL_SLOPE)
PROBS_LOSS(focalProbLoss, FOCAL, PROBS_POWER_PASSES, FOCAL_PROB_VALUE)
PROBS_GRADIENT(focalProbGradient, FOCAL, PROBS_POWER_PASSES, FOCAL_PROB_SLOPE)
LOGITS_SWEEP(focalSweep, FOCAL, PASS, FOCAL_VALUE)
PROBS_SWEEP(focalProbSweep, FOCAL, PASS, FOCAL_PROB_VALUE)

// The go command assembles a file by itself, and this one has the table.
#include "softformulas.h"
