//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"

DATA garbage<>+0(SB)/8, $const_nan
GLOBL garbage<>(SB), RODATA|NOPTR, $8

#define EACH8(OP, a, b, c, d, e, f, g, h) OP(a); OP(b); OP(c); OP(d); OP(e); OP(f); OP(g); OP(h)
#define WORDS(OP) EACH8(OP, 0, 8, 16, 24, 32, 40, 48, 56)
#define LOWY(OP) EACH8(OP, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7); EACH8(OP, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15)
#define LOWZ(OP) EACH8(OP, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7); EACH8(OP, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15)
#define HIGHZ(OP) EACH8(OP, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23); EACH8(OP, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31)

#define PUSHARG(o) \
	MOVQ (state_in+o)(SI), AX; \
	MOVQ AX, o(SP)
#define POPARG(o) \
	MOVQ o(SP), AX; \
	MOVQ AX, (state_out+o)(SI)
#define PLANT(o) MOVQ DI, (64+o)(SP)
#define LOOKAT(o) \
	MOVQ (64+o)(SP), AX; \
	MOVQ AX, (state_canaries+o)(SI)
#define SPOIL(v) VBROADCASTSD garbage<>(SB), v
#define SPOILK(k) KMOVW DI, k
#define STORE(v) \
	VMOVUPS v, state_vectors(SI); \
	ADDQ $64, SI

// func call(entry uintptr, s *state)
//
// 0(SP) the function's frame   64(SP) canaries   128(SP) BP − SP   136(SP) MXCSR
TEXT ·call(SB), 0, $144-16
	NO_LOCAL_POINTERS
	MOVQ s+8(FP), SI
	WORDS(PUSHARG)
	MOVQ $const_canary, DI
	WORDS(PLANT)
	LOWY(SPOIL)
	CMPB ·hasAVX512(SB), $0
	JEQ  spoiled
	LOWZ(SPOIL)
	HIGHZ(SPOIL)
	EACH8(SPOILK, K0, K1, K2, K3, K4, K5, K6, K7)

spoiled:
	MOVQ    BP, AX
	SUBQ    SP, AX
	MOVQ    AX, 128(SP)
	STMXCSR 136(SP)
	MOVQ    entry+0(FP), AX
	LDMXCSR state_env(SI)
	MOVQ    DI, BX
	MOVQ    DI, CX
	MOVQ    DI, DX
	MOVQ    DI, SI
	MOVQ    DI, R8
	MOVQ    DI, R9
	MOVQ    DI, R10
	MOVQ    DI, R11
	MOVQ    DI, R12
	MOVQ    DI, R13
	MOVQ    DI, R14
	CALL    AX
	MOVQ    s+8(FP), SI
	STMXCSR state_gotEnv(SI)
	LDMXCSR 136(SP)
	PUSHFQ
	POPQ    AX
	CLD
	MOVQ    AX, state_flags(SI)
	SUBQ    SP, BP
	SUBQ    128(SP), BP
	MOVQ    BP, state_framePointer(SI)
	WORDS(POPARG)
	WORDS(LOOKAT)
	CMPB    ·hasAVX512(SB), $0
	JNE     wide
	LOWY(STORE)
	VZEROUPPER
	RET

wide:
	LOWZ(STORE)
	VZEROUPPER
	RET

// func grow()
TEXT ·grow(SB), 0, $16384-0
	RET

// func reset()
TEXT ·reset(SB), NOSPLIT, $8-0
	MOVL    $0x1f80, 0(SP)
	LDMXCSR 0(SP)
	VZEROUPPER
	CLD
	RET
