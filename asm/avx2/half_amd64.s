//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "env.h"

// func WidenF16(dst []float32, src []uint16)
//
// The conversion knows subnormals in any environment, but a signalling NaN may trap.
TEXT ·WidenF16(SB), NOSPLIT, $8-48
	NO_LOCAL_POINTERS
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), CX
	TESTQ CX, CX
	JZ    done
	ENTERENV(saved-8(SP), standard)

loop:
	PREFETCHT0 4096(SI) // of the next page, which the CPU does not do by itself
	VMOVDQU (SI), X0    // on its own, as Zen converts slowly from memory
	VMOVDQU 16(SI), X1
	VMOVDQU 32(SI), X2
	VMOVDQU 48(SI), X3
	VCVTPH2PS X0, Y0
	VCVTPH2PS X1, Y1
	VCVTPH2PS X2, Y2
	VCVTPH2PS X3, Y3
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	ADDQ $64, SI
	ADDQ $128, DI
	SUBQ $32, CX
	JNZ  loop
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

// func WidenBF16(dst []float32, src []uint16)
TEXT ·WidenBF16(SB), NOSPLIT, $0-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), CX
	VMOVDQU ·spread(SB), Y15
	TESTQ CX, CX
	JZ    done

loop:
	PREFETCHT0 4096(SI)
	VBROADCASTI128 (SI), Y0 // both lanes = eight values
	VBROADCASTI128 16(SI), Y1
	VBROADCASTI128 32(SI), Y2
	VBROADCASTI128 48(SI), Y3
	VPSHUFB Y15, Y0, Y0     // bits of the float32 = those of the bfloat16 · 2^16
	VPSHUFB Y15, Y1, Y1
	VPSHUFB Y15, Y2, Y2
	VPSHUFB Y15, Y3, Y3
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	VMOVDQU Y2, 64(DI)
	VMOVDQU Y3, 96(DI)
	ADDQ $64, SI
	ADDQ $128, DI
	SUBQ $32, CX
	JNZ  loop

done:
	VZEROUPPER
	RET
