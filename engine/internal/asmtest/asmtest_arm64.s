//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"

#define EACH8(OP, a, b, c, d, e, f, g, h) OP(a); OP(b); OP(c); OP(d); OP(e); OP(f); OP(g); OP(h)
#define WORDS(OP) EACH8(OP, 0, 8, 16, 24, 32, 40, 48, 56)
#define VECTORS(OP) \
	EACH8(OP, V0, V1, V2, V3, V4, V5, V6, V7); \
	EACH8(OP, V8, V9, V10, V11, V12, V13, V14, V15); \
	EACH8(OP, V16, V17, V18, V19, V20, V21, V22, V23); \
	EACH8(OP, V24, V25, V26, V27, V28, V29, V30, V31)

#define PUSHARG(o) \
	MOVD (state_in+o)(R0), R2; \
	MOVD R2, (8+o)(RSP)
#define POPARG(o) \
	MOVD (8+o)(RSP), R2; \
	MOVD R2, (state_out+o)(R0)
#define PLANT(o) MOVD R1, (72+o)(RSP)
#define LOOKAT(o) \
	MOVD (72+o)(RSP), R2; \
	MOVD R2, (state_canaries+o)(R0)
#define SPOILV(v) VDUP R3, v.D2
#define SPOIL(r) MOVD R1, r

// R18 is the operating system's in others than Linux.
#ifdef GOOS_linux
#define PLANT18 MOVD R1, R18_PLATFORM
#define LOOKAT18 MOVD R18_PLATFORM, R2
#else
#define PLANT18
#define LOOKAT18 MOVD $const_canary, R2
#endif

// func call(entry uintptr, s *state)
//
// 8(RSP) the function's frame   72(RSP) canaries   136(RSP) FPCR   144(RSP) g
TEXT ·call(SB), 0, $152-16
	NO_LOCAL_POINTERS
	MOVD s+8(FP), R0
	WORDS(PUSHARG)
	MOVD $const_canary, R1
	WORDS(PLANT)
	MOVD $0xfff0deadfff0dead, R3 // a NaN, as float32 and as float64
	VECTORS(SPOILV)
	MOVD FPCR, R2
	MOVD R2, 136(RSP)
	MOVD g, 144(RSP)
	MOVWU state_env(R0), R2
	MOVD R2, FPCR
	MOVD entry+0(FP), R26
	EACH8(SPOIL, R0, R2, R3, R4, R5, R6, R7, R8)
	EACH8(SPOIL, R9, R10, R11, R12, R13, R14, R15, R16)
	EACH8(SPOIL, R17, R19, R20, R21, R22, R23, R24, R25)
	PLANT18
	CALL (R26)
	LOOKAT18
	MOVD s+8(FP), R0
	MOVD R2, state_r18(R0)
	MOVD FPCR, R2
	MOVW R2, state_gotEnv(R0)
	MOVD 136(RSP), R2
	MOVD R2, FPCR
	MOVD 144(RSP), R2
	SUB  R2, g, R3
	MOVD R3, state_g(R0)
	MOVD R2, g
	SUB  $8, RSP, R2
	SUB  R2, R29, R3
	MOVD R3, state_framePointer(R0)
	WORDS(POPARG)
	WORDS(LOOKAT)
	RET

// func grow()
TEXT ·grow(SB), 0, $16376-0
	RET

// func reset()
TEXT ·reset(SB), NOSPLIT, $0-0
	MOVD ZR, FPCR
	RET
