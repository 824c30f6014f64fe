// What the AVX2 and the AVX-512 kernels share: the passes of a kernel, their general
// registers and scratch, and the constants of constants_amd64.s.
//
// A kernel takes its scores in chunks of at most CHUNK, and each chunk through short
// passes, one after the other, whose results stay in L1:
//
//	exp:      E = e = exp(−|x|)
//	log1p:    L = log1p(e)
//	power:    Q = q^γ                    (general γ only)
//	combine:  loss, gradient and sum from x, labels, E, L, Q
//
// From probabilities:
//
//	ce:       L = min(−ln p_t, 100), NaN where a score is no probability
//	power:    Q = S = −ln(1 − p_t), E = its low part; Q = q^γ = exp(−γ·(S + E))
//	          (general γ only)
//	combine:  loss, gradient and sum from x, labels, L, Q
//
// General registers of all passes, set up once a kernel:
//
//	SI x   BX labels   R14 weights or 0   R12 losses or 0   R13 gradients or 0
//	R8 E (L at +LOFF, Q at +QOFF, more at +TOFF)   R10 params   R11 acc
//	DX scores left   CX scores in this chunk   AX score within the chunk
//
// Operands are in Go's order: the destination is the last, and of
// VMAXPS b, a, d / VMINPS b, a, d it is b that is returned when one is a NaN.

#define CHUNK 512
#define LOFF 2048
#define QOFF 4096
#define TOFF 6144

// Constants, by offset into k<>.
#define K_SIGN 0
#define K_FLOOR 4
#define K_MAGIC 8
#define K_8_LN2 12
#define K_C1 16
#define K_C2 20
#define K_P2 24
#define K_P3 28
#define K_P4 32
#define K_7 36
#define K_ONE 40
#define K_D0 44
#define K_D1 48
#define K_D2 52
#define K_D3 56
#define K_CEIL 60
#define K_M8_LN2 64

#define CONST(name, r) VBROADCASTSS ·k+name(SB), r

// And into ln<>, for the kernels from probabilities.
#define LN_SCALE 0
#define LN_SPLIT 4
#define LN_MASK 8
#define LN_LN2 12
#define LN_LN2HI 16
#define LN_LN2LO 20
#define LN_G0 24
#define LN_G1 28
#define LN_G2 32
#define LN_G3 36
#define LN_ZERO 40
#define LN_TZERO 44

#define LNCONST(name, r) VBROADCASTSS ·ln+name(SB), r

// ENTER: scratch on the frame, aligned to a cache line. It holds no pointers, which
// the garbage collector must know if a fault on the inputs stops a kernel.
#define ENTER(frame) \
	NO_LOCAL_POINTERS; \
	LEAQ scratch-frame(SP), R8; \
	ADDQ $63, R8; \
	ANDQ $~63, R8

// NILIFEMPTY: an empty slice has no data, whatever its pointer says.
#define NILIFEMPTY(len, base) \
	MOVQ len, AX; \
	TESTQ AX, AX; \
	CMOVQEQ AX, base

// NEXTCHUNK: pointers past the chunk.
#define NEXTCHUNK(chunk) \
	LEAQ (SI)(CX*4), SI; \
	ADDQ CX, BX; \
	LEAQ (R13)(CX*4), R13; \
	LEAQ (R14)(CX*4), DI; \
	TESTQ R14, R14; \
	CMOVQNE DI, R14; \
	LEAQ (R12)(CX*4), DI; \
	TESTQ R12, R12; \
	CMOVQNE DI, R12; \
	SUBQ CX, DX; \
	JNZ chunk

// CHUNKSIZE: CX = min(CHUNK, DX), the scores of the next chunk.
#define CHUNKSIZE \
	MOVQ $CHUNK, CX; \
	CMPQ DX, CX; \
	CMOVQLT DX, CX

// LOGITPASSES, PROBPASSES: E and L of the chunk, or L alone.
#define LOGITPASSES \
	CALL expneg<>(SB); \
	CALL log1p<>(SB)
#define PROBPASSES \
	CALL ce<>(SB)
#define NOPOWER
#define POWERPASS CALL power<>(SB)
#define PROBPOWERPASS CALL probpower<>(SB)
