//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "opcodes.h"
#include "lockstep.h"
#include "env.h"

// func SpreadWeights(dst, w []float32, columns, skip int)
//
// A row is stored 16 weights at a time, past its end, where the next one follows, as long as
// there is room for that. Rows of four, four at a time.
//
// R0 dst   R1 weights left   R2 w   R3 columns   R4 columns of this row   R5 weights left after it
// R6 the next row   V0 the row's weight
TEXT ·SpreadWeights(SB), NOSPLIT, $0-64
	MOVD dst_base+0(FP), R0
	MOVD dst_len+8(FP), R1
	MOVD w_base+24(FP), R2
	MOVD columns+48(FP), R3
	MOVD skip+56(FP), R4
	SUB  R4, R3, R4

row:
	CBZ  R1, done
	SUB  R4, R1, R5
	LD1R_4S(2, 0)
	ADD  $4, R2
	CMP  $16, R5
	BLT  last
	ADD  R4<<2, R0, R6
wide:
	STR_Q(0, 0, 0)
	STR_Q(16, 0, 0)
	STR_Q(32, 0, 0)
	STR_Q(48, 0, 0)
	ADD  $64, R0
	SUBS $16, R4
	BGT  wide
	MOVD R6, R0
	MOVD R5, R1
	MOVD R3, R4
	CMP  $4, R3
	BNE  row

fours:
	SUBS $16, R1
	BLT  rest
	LDR_Q(0, 2, 0)
	VDUP V0.S[0], V1.S4
	VDUP V0.S[1], V2.S4
	VDUP V0.S[2], V3.S4
	VDUP V0.S[3], V4.S4
	QUADST(0, 0, 1)
	ADD  $16, R2
	ADD  $64, R0
	B    fours
rest:
	ADD  $16, R1
	B    row

last: // and those before it for which there is no room
	CMP  R1, R4
	CSEL GT, R1, R4, R4
	SUB  R4, R1
some:
	SUBS $4, R4
	BLT  ones
	STR_Q(0, 0, 0)
	ADD  $16, R0
	B    some
ones:
	ADDS $4, R4
	BEQ  end
one:
	FMOVS F0, (R0)
	ADD  $4, R0
	SUBS $1, R4
	BNE  one
end:
	MOVD R3, R4
	B    row

done:
	RET

// func MultiplyWeights(dst, a []float32, b *float32) (bits uint32)
//
// R0 a   R1 products left   R2 dst   R3 b
// V0…V3 a   V4…V7 b   V8…V11 their bits   V12 all bits
TEXT ·MultiplyWeights(SB), NOSPLIT, $8-60
	NO_LOCAL_POINTERS
	MOVD dst_base+0(FP), R2
	MOVD a_base+24(FP), R0
	MOVD a_len+32(FP), R1
	MOVD b+48(FP), R3
	ENTERENV(saved-8(SP), standard)
	EOR_16B(12, 12, 12)

loop:
	SUBS $16, R1
	BLT  done
	QUADLD(0, 0, 0)
	QUADLD(0, 3, 4)
	ADD  $64, R0
	ADD  $64, R3
	QUAD(ORR_16B, 4, 0, 8)
	PAIR(ORR_16B, 10, 8, 8)
	ORR_16B(9, 8, 8)
	ORR_16B(8, 12, 12)
	QUAD(FMUL_4S, 4, 0, 0)
	QUADST(0, 2, 0)
	ADD  $64, R2
	B    loop

done:
	VMOV V12.D[0], R4
	VMOV V12.D[1], R5
	ORR  R5, R4
	ORR  R4>>32, R4
	MOVW R4, bits+56(FP)
	LEAVEENV(saved-8(SP), restored)
	RET

// func PickPositives(dst, c []float32, y *uint8)
//
// R0 c   R1 labels left   R2 dst   R3 labels
// V0 labels   V4…V7 masks of 1, and the result   V8…V11 c   V24 1 in each byte   V25 1.0
// V26…V29 copies of bytes into lanes
TEXT ·PickPositives(SB), NOSPLIT, $0-56
	MOVD dst_base+0(FP), R2
	MOVD c_base+24(FP), R0
	MOVD c_len+32(FP), R1
	MOVD y+48(FP), R3
	MOVD $·constants(SB), R(rTable)
	QUADLD(table_copies, rTable, 26)
	CONST(table_one, 25)
	VMOVI $1, V24.B16

loop:
	SUBS $16, R1
	BLT  done
	LDR_Q(0, 3, 0)
	ADD  $16, R3
	QUADLD(0, 0, 8)
	ADD  $64, R0
	CMEQ_16B(24, 0, 0)
	QUADT(TBL1_16B, 26, 0, 4)     // V4 = all bits where the label is 1
	QUADC(BSL_16B, 25, 8, 4)      // V4 = label 1 ? c : 1.0
	QUADST(0, 2, 4)
	ADD  $64, R2
	B    loop

done:
	RET

// func SumWeights(w []float32, y []uint8, lanes *[8]float64) (most uint32)
//
// R0 weights   R1 weights left   R2 labels   R3 lanes
// V0…V7 w   V8, V9 labels   V10…V17 masks of 255   V18…V21 the greatest bits   V22…V25 lanes
// V26…V29 copies of bytes into lanes   V30 255s
TEXT ·SumWeights(SB), NOSPLIT, $8-60
	NO_LOCAL_POINTERS
	MOVD w_base+0(FP), R0
	MOVD w_len+8(FP), R1
	MOVD y_base+24(FP), R2
	MOVD lanes+48(FP), R3
	MOVD $·constants(SB), R(rTable)
	ENTERENV(saved-8(SP), standard)
	QUADLD(table_copies, rTable, 26)
	VMOVI $255, V30.B16
	QUAD(EOR_16B, 18, 18, 18)
	QUADLD(0, 3, 22)

loop:
	SUBS $32, R1
	BLT  done
	QUADLD(0, 0, 0)
	QUADLD(64, 0, 4)
	PAIRLD(0, 2, 8)
	ADD  $128, R0
	ADD  $32, R2
	QUAD(UMAX_4S, 0, 18, 18)
	QUAD(UMAX_4S, 4, 18, 18)
	PAIRC(CMEQ_16B, 30, 8, 8)
	QUADT(TBL1_16B, 26, 8, 10)
	QUADT(TBL1_16B, 26, 9, 14)
	QUAD(BIC_16B, 10, 0, 0)
	QUAD(BIC_16B, 14, 4, 4)       // V0…V7 = w, +0 where ignored
	QUAD(FADD_4S, 4, 0, 0)        // V0, V1 = w[j] + w[j+16]   V2, V3 = w[j+8] + w[j+24]
	PAIR(FADD_4S, 2, 0, 0)        // V0, V1 = s
	FCVTL_2D(0, 4)
	FCVTL2_2D(0, 5)
	FCVTL_2D(1, 6)
	FCVTL2_2D(1, 7)
	QUAD(FADD_2D, 4, 22, 22)
	B    loop

done:
	QUADST(0, 3, 22)
	PAIR(UMAX_4S, 20, 18, 18)
	UMAX_4S(19, 18, 18)
	VMOV V18.D[1], R4
	VMOV R4, V19.D[0]
	UMAX_4S(19, 18, 18)           // lanes 0 and 1 = the greatest of each two
	VMOV V18.S[0], R4
	VMOV V18.S[1], R5
	CMPW R5, R4
	CSEL LO, R5, R4, R4
	MOVW R4, most+56(FP)
	LEAVEENV(saved-8(SP), restored)
	RET
