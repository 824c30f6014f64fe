// What the AVX2 and the AVX-512 kernels share: general registers, constants, chunks.
//
//	SI x   BX labels   R14 weights or 0   R12 losses or 0   R13 gradients or 0
//	R8 scratch   R10 params   R11 acc
//	DX scores left   CX scores in this chunk   AX score within the chunk
//
// Operands are in Go's order: the destination is the last, and of
// VMAXPS b, a, d / VMINPS b, a, d it is b that is returned when one is a NaN.

// CHUNK: the most scores that go from pass to pass.
#define CHUNK 512

// Constants, by offset into ·k.
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

// And into ·ln, for the kernels from probabilities.
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

// NOPOWER: no power pass.
#define NOPOWER
