//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "opcodes.h"
#include "lockstep.h"
#include "words.h"
#include "terms.h"
#include "softterms.h"
#include "frame.h"

// The formulas and their kernels, one line each. Per formula: its number in package asm; for
// logits VALUE, which sets F to the loss, and SLOPE, which sets Q to the gradient and leaves
// the loss as U·W; for probabilities VALUE likewise, and SLOPE, which sets D to the gradient
// and leaves the loss as C·W. VALUE is of ANY scores or of PLAIN ones, see terms.h. All
// operands are pairs.

GLOBL ·entries(SB), RODATA|NOPTR, $const_sizeofEntries
GLOBL ·sweeps(SB), RODATA|NOPTR, $const_sizeofSweeps

// Cross-entropy: w·softplus(u), gradient ±w·q.
#define CE 0
#define CE_VALUE(WHEN, o, U, W, E, D, Q, L, F) \
	SOFTPLUS(WHEN, o, U, L); \
	PAIR(FMUL_4S, W, U, F)        /* F = w·softplus(u) */
#define CE_SLOPE(o, U, W, E, D, Q, M) \
	MASKEDSOFTPLUS(o, U, D, M); \
	PAIR(FMUL_4S, W, Q, Q)        /* Q = ±w·q */
#define CE_PROB_VALUE(WHEN, o, U, W, E, D, Q, C, F) \
	CES(PAIRLD, o, C); \
	PAIR(FMUL_4S, W, C, F)        /* F = w·CE */
#define CE_PROB_SLOPE(o, U, W, T, D, Q, C) \
	PAIR(FDIV_4S, T, W, D)        /* D = ±w/p_t */
LOGITS_LOSS(ceLoss, CE, LOGITS_PASSES, CE_VALUE)
LOGITS_GRADIENT(ceGradient, CE, LOGITS_PASSES, CE_SLOPE)
PROBS_LOSS(ceProbLoss, CE, PROBS_PASSES, CE_PROB_VALUE)
PROBS_GRADIENT(ceProbGradient, CE, PROBS_PASSES, CE_PROB_SLOPE)
LOGITS_SWEEP(ceSweep, CE, NOPASS, CE_VALUE)
PROBS_SWEEP(ceProbSweep, CE, NOPASS, CE_PROB_VALUE)

// Focal loss, γ = 1: w·q·softplus(u), gradient ±w·q·(q + p_t·softplus(u)).
#define FOCAL1 1
#define FOCAL1_VALUE(WHEN, o, U, W, E, D, Q, L, F) \
	EXPS(PAIRLD, o, E); \
	SIGMOID(WHEN, U, E, D, Q); \
	PAIR(FMUL_4S, Q, W, W)        /* W = w·q */; \
	SOFTPLUS(WHEN, o, U, L); \
	PAIR(FMUL_4S, W, U, F)        /* F = (w·q)·softplus(u) */
#define FOCAL1_SLOPE(o, U, W, E, D, Q, M) \
	TRUEPROB(E, D, Q, M); \
	MASKEDSOFTPLUS(o, U, D, M); \
	PAIR(FMUL_4S, Q, W, W)        /* W = ±w·q */; \
	PAIR(FMLA_4S, U, E, Q)        /* Q = q + p_t·softplus(u) */; \
	PAIR(FMUL_4S, W, Q, Q)        /* Q = g */
#define FOCAL1_PROB_VALUE(WHEN, o, U, W, E, D, Q, C, F) \
	PROBQ(WHEN, o, U, E, D, Q); \
	PAIR(FMUL_4S, Q, W, W)        /* W = w·q */; \
	CES(PAIRLD, o, C); \
	PAIR(FMUL_4S, W, C, F)        /* F = (w·q)·CE */
#define FOCAL1_PROB_SLOPE(o, U, W, T, D, Q, C) \
	PAIR(FDIV_4S, T, Q, D); \
	PAIR(FADD_4S, C, D, D); \
	PAIR(FMUL_4S, W, D, D)        /* D = ±w·(q/p_t + CE) */; \
	PAIR(FMUL_4S, Q, W, W)        /* W = ±w·q */
LOGITS_LOSS(focal1Loss, FOCAL1, LOGITS_PASSES, FOCAL1_VALUE)
LOGITS_GRADIENT(focal1Gradient, FOCAL1, LOGITS_PASSES, FOCAL1_SLOPE)
PROBS_LOSS(focal1ProbLoss, FOCAL1, PROBS_PASSES, FOCAL1_PROB_VALUE)
PROBS_GRADIENT(focal1ProbGradient, FOCAL1, PROBS_PASSES, FOCAL1_PROB_SLOPE)
LOGITS_SWEEP(focal1Sweep, FOCAL1, NOPASS, FOCAL1_VALUE)
PROBS_SWEEP(focal1ProbSweep, FOCAL1, NOPASS, FOCAL1_PROB_VALUE)

// Focal loss, γ = 2: (w·q)·q·softplus(u), gradient ±w·q²·(q + 2·p_t·softplus(u)). The loss
// takes (w·q)·q, and the gradient w·q²: each has the smaller error so.
#define FOCAL2 2
#define FOCAL2_VALUE(WHEN, o, U, W, E, D, Q, L, F) \
	EXPS(PAIRLD, o, E); \
	SIGMOID(WHEN, U, E, D, Q); \
	PAIR(FMUL_4S, Q, W, W); \
	PAIR(FMUL_4S, Q, W, W)        /* W = (w·q)·q */; \
	SOFTPLUS(WHEN, o, U, L); \
	PAIR(FMUL_4S, W, U, F)        /* F = ((w·q)·q)·softplus(u) */
#define FOCAL2_SLOPE(o, U, W, E, D, Q, M) \
	TRUEPROB(E, D, Q, M); \
	MASKEDSOFTPLUS(o, U, D, M); \
	PAIR(FADD_4S, E, E, E)        /* E = 2·p_t */; \
	PAIR(FMUL_4S, Q, Q, D)        /* D = q² */; \
	PAIR(FMUL_4S, D, W, D)        /* D = ±w·q² */; \
	PAIR(FMUL_4S, Q, W, W); \
	PAIR(FMUL_4S, Q, W, W)        /* W = ±(w·q)·q */; \
	PAIR(FMLA_4S, U, E, Q)        /* Q = q + 2·p_t·softplus(u) */; \
	PAIR(FMUL_4S, D, Q, Q)        /* Q = g */
#define FOCAL2_PROB_VALUE(WHEN, o, U, W, E, D, Q, C, F) \
	PROBSIGNEDQ(WHEN, o, U, E, D, Q); \
	PAIR(FMUL_4S, Q, Q, Q)        /* Q = q² */; \
	PAIR(FMUL_4S, Q, W, W)        /* W = w·q² */; \
	CES(PAIRLD, o, C); \
	PAIR(FMUL_4S, W, C, F)        /* F = (w·q²)·CE */
#define FOCAL2_PROB_SLOPE(o, U, W, T, D, Q, C) \
	PAIR(FDIV_4S, T, Q, D); \
	PAIR(FADD_4S, C, C, U); \
	PAIR(FADD_4S, U, D, D)        /* D = q/p_t + 2·CE */; \
	PAIR(FMUL_4S, Q, W, T); \
	PAIR(FMUL_4S, T, D, D)        /* D = ±w·q·(q/p_t + 2·CE) */; \
	PAIR(FMUL_4S, Q, Q, Q); \
	PAIR(FMUL_4S, Q, W, W)        /* W = ±w·q² */
LOGITS_LOSS(focal2Loss, FOCAL2, LOGITS_PASSES, FOCAL2_VALUE)
LOGITS_GRADIENT(focal2Gradient, FOCAL2, LOGITS_PASSES, FOCAL2_SLOPE)
PROBS_LOSS(focal2ProbLoss, FOCAL2, PROBS_PASSES, FOCAL2_PROB_VALUE)
PROBS_GRADIENT(focal2ProbGradient, FOCAL2, PROBS_PASSES, FOCAL2_PROB_SLOPE)
LOGITS_SWEEP(focal2Sweep, FOCAL2, NOPASS, FOCAL2_VALUE)
PROBS_SWEEP(focal2ProbSweep, FOCAL2, NOPASS, FOCAL2_PROB_VALUE)

// Focal loss, any γ > 0: w·q^γ·softplus(u), gradient ±w·q^γ·(q + γ·p_t·softplus(u)), from
// probabilities ±w·q^γ·(1/p_t + γ·CE/q). POWERS = q^γ.
#define FOCAL 3
#define FOCAL_VALUE(WHEN, o, U, W, E, D, Q, L, F) \
	POWERS(PAIRLD, o, Q); \
	PAIR(FMUL_4S, Q, W, W)        /* W = w·q^γ */; \
	SOFTPLUS(WHEN, o, U, L); \
	PAIR(FMUL_4S, W, U, F)        /* F = (w·q^γ)·softplus(u) */
#define FOCAL_SLOPE(o, U, W, E, D, Q, M) \
	TRUEPROB(E, D, Q, M); \
	MASKEDSOFTPLUS(o, U, D, M); \
	MULGAMMA(E, E)                /* E = γ·p_t */; \
	POWERS(PAIRLD, o, D); \
	PAIR(FMUL_4S, D, W, W)        /* W = ±w·q^γ */; \
	PAIR(FMLA_4S, U, E, Q)        /* Q = q + γ·p_t·softplus(u) */; \
	PAIR(FMUL_4S, W, Q, Q)        /* Q = g */
#define FOCAL_PROB_VALUE(WHEN, o, U, W, E, D, Q, C, F) \
	POWERS(PAIRLD, o, Q); \
	PAIR(FMUL_4S, Q, W, W)        /* W = w·q^γ */; \
	CES(PAIRLD, o, C); \
	PAIR(FMUL_4S, W, C, F)        /* F = (w·q^γ)·CE */
#define FOCAL_PROB_SLOPE(o, U, W, T, D, Q, C) \
	POWERS(PAIRLD, o, U); \
	PAIR(FMUL_4S, U, W, W)        /* W = ±w·q^γ */; \
	PAIR(FDIV_4S, T, W, D)        /* D = ±w·q^γ/p_t */; \
	CONST(table_least, U); \
	PAIRC(FMAX_4S, U, Q, Q)       /* Q = max(q, 2⁻¹⁴⁹) */; \
	PAIR(FDIV_4S, Q, C, Q)        /* Q = CE/q */; \
	MULGAMMA(W, T)                /* T = ±w·q^γ·γ */; \
	PAIR(FMLA_4S, Q, T, D)        /* D = ±w·q^γ·(1/p_t + γ·CE/q) */
LOGITS_LOSS(focalLoss, FOCAL, LOGITS_POWER_PASSES, FOCAL_VALUE)
LOGITS_GRADIENT(focalGradient, FOCAL, LOGITS_POWER_PASSES, FOCAL_SLOPE)
PROBS_LOSS(focalProbLoss, FOCAL, PROBS_POWER_PASSES, FOCAL_PROB_VALUE)
PROBS_GRADIENT(focalProbGradient, FOCAL, PROBS_POWER_PASSES, FOCAL_PROB_SLOPE)
LOGITS_SWEEP(focalSweep, FOCAL, PASS, FOCAL_VALUE)
PROBS_SWEEP(focalProbSweep, FOCAL, PASS, FOCAL_PROB_VALUE)

#include "softformulas.h"
