//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "env.h"
#include "frame.h"

// func SpreadWeights(dst, w []float32, columns, skip int)
//
// A row is stored past its end, where the next one follows, as long as there is room for that: up
// to 8 columns by one store, more by 16 weights at a time, behind the first aligned to a cache
// line. Rows of four go two at a time.
//
// DI dst   CX weights left   SI w   R11 columns   AX columns of this row   BX weights left after it
// R8 the next row   Y0 the row's weight
TEXT ·SpreadWeights(SB), NOSPLIT, $0-64
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ w_base+24(FP), SI
	MOVQ columns+48(FP), R11
	MOVQ R11, AX
	SUBQ skip+56(FP), AX
	TESTQ CX, CX
	JZ   done
	CMPQ R11, $8
	JLE  narrow
wide:
	MOVQ CX, BX
	SUBQ AX, BX
	CMPQ BX, $16
	JLT  last
	VBROADCASTSS (SI), Y0
	ADDQ $4, SI
	LEAQ (DI)(AX*4), R8
	VMOVUPS Y0, (DI)
	VMOVUPS Y0, 32(DI)
	LEAQ 64(DI), R9
	ANDQ $~63, R9        // R9 = the next cache line
	MOVQ R9, R10
	SUBQ DI, R10
	SHRQ $2, R10         // R10 = weights stored before it
	SUBQ R10, AX
	JLE  next
line:
	VMOVAPS Y0, (R9)
	VMOVAPS Y0, 32(R9)
	ADDQ $64, R9
	SUBQ $16, AX
	JGT  line
next:
	MOVQ R8, DI
	MOVQ BX, CX
	MOVQ R11, AX
	JMP  wide

narrow:
	CMPQ AX, $4
	JNE  short
	CMPQ R11, $4
	JEQ  four
short:
	MOVQ AX, BX          // BX = columns of the row
	MOVQ CX, AX
	SUBQ BX, AX
	SUBQ $8, AX
	JLT  few
	XORL DX, DX
	DIVL R11
	LEAQ 1(AX), R9       // R9 = rows for which there is room
	MOVL $1, AX
	CMPQ R11, $4
	CMOVQEQ AX, R9       // of four columns that which was begun
each:
	VBROADCASTSS (SI), Y0
	VMOVUPS Y0, (DI)
	LEAQ (DI)(BX*4), DI
	SUBQ BX, CX
	ADDQ $4, SI
	MOVQ R11, BX
	SUBQ $1, R9
	JNZ  each
	MOVQ R11, AX
	CMPQ R11, $4
	JNE  last

four:
	VMOVDQU ·constants+table_two01(SB), Y4
	VMOVDQU ·constants+table_two23(SB), Y5
fours:
	SUBQ $16, CX
	JLT  rest
	VBROADCASTF128 (SI), Y0
	VPERMILPS Y4, Y0, Y1
	VPERMILPS Y5, Y0, Y2
	VMOVUPS Y1, (DI)
	VMOVUPS Y2, 32(DI)
	ADDQ $16, SI
	ADDQ $64, DI
	JMP  fours
rest:
	ADDQ $16, CX
	JZ   done
	JMP  last

few:
	MOVQ BX, AX
last: // and those before it for which there is no room
	VBROADCASTSS (SI), Y0
	ADDQ $4, SI
	CMPQ AX, CX
	CMOVQGT CX, AX
	SUBQ AX, CX
eights:
	SUBQ $8, AX
	JLT  ones
	VMOVUPS Y0, (DI)
	ADDQ $32, DI
	JMP  eights
ones:
	ADDQ $8, AX
	JZ   end
	VMOVD X0, R9
one:
	MOVL R9, (DI)
	ADDQ $4, DI
	SUBQ $1, AX
	JNZ  one
end:
	MOVQ R11, AX
	TESTQ CX, CX
	JNZ  last

done:
	VZEROUPPER
	RET

// func MultiplyWeights(dst, a []float32, b *float32) (bits uint32)
//
// DI dst   SI a   DX b   CX products left   Y4 bits
#define MULTIPLYWEIGHTS(o) \
	VMOVUPS o(SI), Y0; \
	VMOVUPS o(DX), Y1; \
	VORPS Y0, Y1, Y2; \
	VORPS Y2, Y4, Y4; \
	VMULPS Y1, Y0, Y0; \
	VMOVUPS Y0, o(DI)
TEXT ·MultiplyWeights(SB), NOSPLIT, $8-60
	NO_LOCAL_POINTERS
	VXORPS Y4, Y4, Y4
	MOVQ  a_len+32(FP), CX
	TESTQ CX, CX
	JZ    done
	ENTERENV(saved-8(SP), standard)
	MOVQ dst_base+0(FP), DI
	MOVQ a_base+24(FP), SI
	MOVQ b+48(FP), DX

loop:
	MULTIPLYWEIGHTS(0)
	MULTIPLYWEIGHTS(32)
	MULTIPLYWEIGHTS(64)
	MULTIPLYWEIGHTS(96)
	ADDQ $128, SI
	ADDQ $128, DX
	ADDQ $128, DI
	SUBQ $32, CX
	JNZ  loop
	LEAVEENV(saved-8(SP), restored)

done:
	VEXTRACTF128 $1, Y4, X0
	VORPS X0, X4, X4
	VPSHUFD $0x4e, X4, X0
	VORPS X0, X4, X4
	VPSHUFD $0xb1, X4, X0
	VORPS X0, X4, X4
	VMOVD X4, AX
	MOVL AX, bits+56(FP)
	VZEROUPPER
	RET

// func PickPositives(dst, c []float32, y *uint8)
//
// Most groups have no positive, and take a branch.
//
// DI dst   SI c   BX labels   CX labels left   Y4 1.0   Y5 labels of 1   Y6 1 in each lane
#define PICKPOSITIVES(o) \
	VPMOVZXBD (o/4)(BX), Y0; \
	VPCMPEQD Y6, Y0, Y0           /* Y0 = −1 where the label is 1 */; \
	VBLENDVPS Y0, o(SI), Y4, Y0; \
	VMOVUPS Y0, o(DI)
TEXT ·PickPositives(SB), NOSPLIT, $0-56
	MOVQ dst_base+0(FP), DI
	MOVQ c_base+24(FP), SI
	MOVQ c_len+32(FP), CX
	MOVQ y+48(FP), BX
	VBROADCASTSS ·constants+table_one(SB), Y4
	VPCMPEQD Y5, Y5, Y5
	VPABSD Y5, Y6
	VPABSB Y5, Y5
	TESTQ CX, CX
	JZ    done

loop:
	VPCMPEQB (BX), Y5, Y0
	VPTEST Y0, Y0
	JNZ  some
	VMOVUPS Y4, (DI)
	VMOVUPS Y4, 32(DI)
	VMOVUPS Y4, 64(DI)
	VMOVUPS Y4, 96(DI)
	JMP  next
some:
	PICKPOSITIVES(0)
	PICKPOSITIVES(32)
	PICKPOSITIVES(64)
	PICKPOSITIVES(96)
next:
	ADDQ $32, BX
	ADDQ $128, SI
	ADDQ $128, DI
	SUBQ $32, CX
	JNZ  loop

done:
	VZEROUPPER
	RET

// func SumWeights(w []float32, y []uint8, lanes *[8]float64) (most uint32)
//
// Most groups have none that is ignored, and take a branch.
//
// SI weights   BX labels   CX weights left   R8 lanes   Y10 the greatest bits   Y11, Y12 lanes
#define ALLSCORED(o, W) \
	VMOVDQU o(SI), W; \
	VPMAXUD W, Y10, Y10
#define SCORED(o, W) \
	VMOVDQU o(SI), W; \
	VPMOVSXBD (o/4)(BX), Y4; \
	VPSRAD $31, Y4, Y4            /* Y4 = −1 where ignored */; \
	VPMAXUD W, Y10, Y10; \
	VPANDN W, Y4, W               /* W = w, +0 where ignored */
TEXT ·SumWeights(SB), NOSPLIT, $8-60
	NO_LOCAL_POINTERS
	VPXOR Y10, Y10, Y10
	MOVQ  w_len+8(FP), CX
	TESTQ CX, CX
	JZ    done
	ENTERENV(saved-8(SP), standard)
	MOVQ w_base+0(FP), SI
	MOVQ y_base+24(FP), BX
	MOVQ lanes+48(FP), R8
	VMOVUPD (R8), Y11
	VMOVUPD 32(R8), Y12

loop:
	VMOVDQU (BX), Y4
	VPMOVMSKB Y4, AX
	TESTL AX, AX
	JNZ  some
	ALLSCORED(0, Y0)
	ALLSCORED(32, Y1)
	ALLSCORED(64, Y2)
	ALLSCORED(96, Y3)
	JMP  sum
some:
	SCORED(0, Y0)
	SCORED(32, Y1)
	SCORED(64, Y2)
	SCORED(96, Y3)
sum:
	SUM32(Y0, Y1, Y2, Y3)
	WIDEN(Y0, X0, Y1, X1)
	VADDPD Y0, Y11, Y11
	VADDPD Y1, Y12, Y12
	ADDQ $128, SI
	ADDQ $32, BX
	SUBQ $32, CX
	JNZ  loop
	VMOVUPD Y11, (R8)
	VMOVUPD Y12, 32(R8)
	LEAVEENV(saved-8(SP), restored)

done:
	VEXTRACTI128 $1, Y10, X0
	VPMAXUD X0, X10, X10
	VPSHUFD $0x4e, X10, X0
	VPMAXUD X0, X10, X10
	VPSHUFD $0xb1, X10, X0
	VPMAXUD X0, X10, X10
	VMOVD X10, AX
	MOVL AX, most+56(FP)
	VZEROUPPER
	RET
