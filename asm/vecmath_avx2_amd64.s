//go:build !purego

#include "funcdata.h"
#include "textflag.h"
#include "vecmath_avx2_amd64.h"

// Constants; package generic has the same ones, with their meaning and error.
VECTOR(V_FLOOR, $0xc2d20000c2d20000) // −105: exp rounds to 0
VECTOR(V_CEIL, $0x42b2000042b20000) // 89: exp rounds to +Inf
VECTOR(V_MAGIC, $0x4b4007f04b4007f0) // 1.5·2²³ + 16·127
VECTOR(V_8_LN2, $0x4138aa3b4138aa3b) // 8/ln2
VECTOR(V_C1, $0x3db172003db17200) // ln2/8, 15 bits
VECTOR(V_C2, $0x343fbe8e343fbe8e) // ln2/8 − c1
VECTOR(V_P2, $0x3f0000033f000003) // exp(r) ≈ 1 + r + p2·r² + p3·r³ + p4·r⁴
VECTOR(V_P3, $0x3e2aae3b3e2aae3b)
VECTOR(V_P4, $0x3d2a3a3b3d2a3a3b)
VECTOR(V_ONE, $0x3f8000003f800000) // 1
VECTOR(V_BIAS, $0x8080000080800000) // x − bias, as signed, orders positive normal numbers first
VECTOR(V_NORMAL, $0xfefffffffeffffff) // the last of them
VECTOR(V_MINNORMAL, $0x0080000000800000)
VECTOR(V_2P23, $0x4b0000004b000000) // 2²³
VECTOR(V_23, $0x0b8000000b800000) // 23<<23
VECTOR(V_SPLIT, $0x0008000000080000) // m from 1 − 1/32 on
VECTOR(V_EXPONENT, $0xff800000ff800000) // sign and exponent
VECTOR(V_LN2HI, $0x33b1720033b17200) // ln2·2⁻²³, 16 bits
VECTOR(V_LN2LO, $0x2a3fbe8e2a3fbe8e) // and the rest
VECTOR(V_L0, $0xbf000001bf000001) // log1p(f) ≈ f + f²(l0 + … + l4·f⁴)
VECTOR(V_L1, $0x3eaaaa463eaaaa46)
VECTOR(V_L2, $0xbe7ff229be7ff229)
VECTOR(V_L3, $0x3e4e333e3e4e333e)
VECTOR(V_L4, $0xbe336db1be336db1)
VECTOR(V_MAX, $0x7f7fffff7f7fffff) // the largest finite float32
VECTOR(V_MINUSINF, $0xff800000ff800000)
VECTOR(V_SIGN, $0x8000000080000000)
VECTOR(V_MINUSMAX, $0xff7fffffff7fffff) // −max
VECTOR(V_ONES, $0xffffffffffffffff) // the integer −1
VECTOR(W_FLOOR, $0xc05c000000000000) // −112: exp rounds to 0
VECTOR(W_CEIL, $0x4057c00000000000) // 95: exp rounds to +Inf
VECTOR(W_SIGN, $0x8000000000000000) // a sign bit
VECTOR(W_MAGNITUDE, $0x7fffffffffffffff) // and the others
VECTOR(W_PLUS, $0x0000000000000000) // and none
VECTOR(W_ONE, $0x3ff0000000000000) // 1
VECTOR(W_MINUSONE, $0xbff0000000000000) // −1
VECTOR(W_MAGIC, $0x4338000000000000) // 1.5·2⁵²
VECTOR(W_BYLN2, $0x3ff71547652b82fe) // 1/ln2
VECTOR(W_LN2, $0x3fe62e42fefa39ef) // ln2
VECTOR(W_E2, $0x3fdfffffb9ae39bd) // exp(r) ≈ 1 + r + r²(e2 + … + e6·r⁴)
VECTOR(W_E3, $0x3fc555491645ffd4)
VECTOR(W_E4, $0x3fa5558f130f832c)
VECTOR(W_E5, $0x3f81239d64eefcd5)
VECTOR(W_E6, $0x3f56a24485b38cf7)
VECTOR(W_G0, $0xbfe000000000bbae) // log1p(f) ≈ f + f²(g0 + … + g6·f⁶)
VECTOR(W_G1, $0x3fd555555639691f)
VECTOR(W_G2, $0xbfcfffffda07e406)
VECTOR(W_G3, $0x3fc9998d75baa4b8)
VECTOR(W_G4, $0xbfc555bcd3b09d6e)
VECTOR(W_G5, $0x3fc260f41f67f624)
VECTOR(W_G6, $0xbfbf78cb558ccc22)
VECTOR(W_SPLIT, $0x0011000000000000) // m from 1 − 1/32 on, and the exponent one more
VECTOR(W_EXPONENT, $0x7ff0000000000000) // exponent
VECTOR(W_UPPER, $0xffffffff00000000) // the upper words
VECTOR(W_2P52, $0x4330000000000000) // 2⁵²
VECTOR(W_BIAS, $0x43300000000003ff) // 2⁵² + 1023
VECTOR(W_MAX, $0x7fefffffffffffff) // the largest finite float64
VECTOR(W_MINUSINF, $0xfff0000000000000) // −Inf
DATA v<>+(T_EXP2+0)(SB)/8, $0xfffb95c200000000 // bits of 2^(j/8), less j<<20 and those of 1
DATA v<>+(T_EXP2+8)(SB)/8, $0xfff5fed7fff837f0
DATA v<>+(T_EXP2+16)(SB)/8, $0xfff5672afff504f3
DATA v<>+(T_EXP2+24)(SB)/8, $0xfffac0c7fff744fd
DATA v<>+(T_EXP2LOW+0)(SB)/8, $0xb24e061100000000 // what they lack, relatively
DATA v<>+(T_EXP2LOW+8)(SB)/8, $0xb3051aa833092801
DATA v<>+(T_EXP2LOW+16)(SB)/8, $0x31b3d0e5329302ae
DATA v<>+(T_EXP2LOW+24)(SB)/8, $0xb1d290beb27ce182
DATA v<>+(T_C+0)(SB)/8, $0x3f6000003f800000 // c
DATA v<>+(T_C+8)(SB)/8, $0x3f4000003f500000
DATA v<>+(T_C+16)(SB)/8, $0x3f2000003f300000
DATA v<>+(T_C+24)(SB)/8, $0x3f0000003f100000
DATA v<>+(T_HI+0)(SB)/8, $0x3e08bc0000000000 // −ln c in multiples of 2⁻¹⁶
DATA v<>+(T_HI+8)(SB)/8, $0x3e934c003e54a000
DATA v<>+(T_HI+16)(SB)/8, $0x3ef0a4003ebfd800
DATA v<>+(T_HI+24)(SB)/8, $0x3f3172003f134b00
DATA v<>+(T_LO+0)(SB)/8, $0x35e8227e00000000 // and the rest
DATA v<>+(T_LO+8)(SB)/8, $0xb6ef7659b6161ba9
DATA v<>+(T_LO+16)(SB)/8, $0x3621a272b5b884fd
DATA v<>+(T_LO+24)(SB)/8, $0x35bfbe8e35844d37
DATA v<>+(T_C64+0)(SB)/8, $0xfffc710800000000 // upper words of c, less those of 1
DATA v<>+(T_C64+8)(SB)/8, $0xfff745ddfff998eb
DATA v<>+(T_C64+16)(SB)/8, $0xfff3b07dfff55576
DATA v<>+(T_C64+24)(SB)/8, $0xfff111b2fff249a0
DATA v<>+(T_HI64+0)(SB)/8, $0x3fbe2dbf00000000 // upper words of −ln c
DATA v<>+(T_HI64+8)(SB)/8, $0x3fd4616c3fcc9360
DATA v<>+(T_HI64+16)(SB)/8, $0x3fdf14f93fd9f2c1
DATA v<>+(T_HI64+24)(SB)/8, $0x3fe41c623fe1e787
DATA v<>+(T_LO64+0)(SB)/8, $0x3e6097af00000000 // and of the rest
DATA v<>+(T_LO64+8)(SB)/8, $0x3e2121f73e7a677c
DATA v<>+(T_LO64+16)(SB)/8, $0x3e65aa583e8da154
DATA v<>+(T_LO64+24)(SB)/8, $0x3e76ea823e88524d
VECTOR(V_LOWEST, $0x3f7800003f780000) // 1 − 1/32: the smallest m
VECTOR(V_RANGE, $0x7effffff7effffff) // from the least normal number to the largest
VECTOR(V_FINITE, $0x7f7ffffe7f7ffffe) // from 2⁻¹⁴⁹ to the largest number
VECTOR(V_MAGNITUDE, $0x7fffffff7fffffff)
VECTOR(V_MINUSONE, $0xbf800000bf800000) // −1
GLOBL v<>(SB), RODATA|NOPTR, $2272

// func ExpAVX2(dst, src []float32)
TEXT ·ExpAVX2(SB), 0, $8256-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER64(8256)
	TESTQ DX, DX
	JZ    done

chunk:
	FIRSTCHUNK
	VMOVUPS V(V_FLOOR), Y15
	VMOVUPS V(V_CEIL), Y14
	VMOVUPS V(V_MAGIC), Y13
	VMOVUPS V(V_8_LN2), Y12
	VMOVUPS V(V_C1), Y11
	VMOVUPS V(V_C2), Y10
	XORQ    BX, BX

args:
	VEXPARG(0(SI)(BX*4), 0(R8)(BX*4), BOFF(R8)(BX*4), 32(SI)(BX*4), 32(R8)(BX*4), (32+BOFF)(R8)(BX*4))
	ADDQ $16, BX
	CMPQ BX, CX
	JLT  args

	VMOVUPS V(T_EXP2), Y15
	VMOVUPS V(T_EXP2LOW), Y14
	VMOVUPS V(V_P2), Y13
	VMOVUPS V(V_P4), Y12
	XORQ    BX, BX

exps:
	PREFETCHT0 (4*VCHUNK)(SI)(BX*4) // the next chunk, meanwhile; past the end it does nothing
	VEXP(0(R8)(BX*4), BOFF(R8)(BX*4), 0(DI)(BX*4), 32(R8)(BX*4), (32+BOFF)(R8)(BX*4), 32(DI)(BX*4))
	ADDQ $16, BX
	CMPQ BX, CX
	JLT  exps
	NEXTCHUNK64(chunk)

done:
	VZEROUPPER
	RET

// func LogAVX2(dst, src []float32)
TEXT ·LogAVX2(SB), NOSPLIT, $0-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	TESTQ DX, DX
	JZ    done

chunk:
	FIRSTCHUNK
	MOVQ CX, R9
	ORDINARY(check, V_BELOWNORMAL, V_RANGE)
	VMOVUPS V(V_LN2HI), Y11
	VMOVUPS V(V_LN2LO), Y10
	JNZ  special
	XORQ BX, BX
	VMOVUPS V(T_C), Y15
	VMOVUPS V(T_HI), Y14
	VMOVUPS V(T_LO), Y13
	VMOVUPS V(V_L1), Y12

normal:
	VLOGNORMAL(0(SI)(BX*4), 0(DI)(BX*4), 32(SI)(BX*4), 32(DI)(BX*4))
	ADDQ $16, BX
	CMPQ BX, R9
	JLT  normal

next:
	MOVQ R9, CX
	NEXTCHUNK64(chunk)

done:
	VZEROUPPER
	RET

special:
	XORQ    BX, BX
	VMOVUPS V(V_BIAS), Y15
	VMOVUPS V(V_NORMAL), Y14
	VMOVUPS V(T_C), Y13
	VMOVUPS V(T_HI), Y12
	VMOVUPS V(T_LO), Y11
	VMOVUPS V(V_ONE), Y10
	VMOVUPS V(V_LN2HI), Y9
	VMOVUPS V(V_LN2LO), Y8

any:
	VLOG(0(SI)(BX*4), 0(DI)(BX*4), normal0, done0)
	VLOG(32(SI)(BX*4), 32(DI)(BX*4), normal1, done1)
	ADDQ $16, BX
	CMPQ BX, R9
	JLT  any
	JMP  next

#define LOG1PHEADTURN(o) \
	VCVTPS2PD o(SI)(BX*4), Y1; \
	LOG1PHEAD((2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8))
#define LOG1PTURN(o) VLOG1P(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), o(DI)(BX*4))
#define LOG1PORDINARYTURN(o) VLOG1PORDINARY(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), o(DI)(BX*4))

// func Log1pAVX2(dst, src []float32)
TEXT ·Log1pAVX2(SB), 0, $8256-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER64(8256)
	TESTQ DX, DX
	JZ    done

chunk:
	FIRSTCHUNK
	LOG64HEADSETUP
	PASS64(heads, LOG1PHEADTURN)
	ABOVEMINUSONE(check)
	JNZ special
	LOG64TAILSETUP
	VMOVUPS V(V_SIGN), Y15
	PASS64(loop, LOG1PORDINARYTURN)

next:
	NEXTCHUNK64(chunk)

done:
	VZEROUPPER
	RET

special:
	LOG64TAILSETUP
	PASS64(any, LOG1PTURN)
	JMP next

// func SigmoidAVX2(dst, src []float32)
TEXT ·SigmoidAVX2(SB), NOSPLIT, $0-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	TESTQ DX, DX
	JZ    done
	EXP64SETUP
	EXPNEG64((SI))
	VMOVAPD Y0, Y6
	XORQ  BX, BX

loop:
	LEAQ 16(BX), CX
	CMPQ CX, DX
	CMOVQGE BX, CX // at the end there is nothing next: any values will do
	VSIGMOID(0(SI)(BX*4), 0(DI)(BX*4), 16(SI)(BX*4))
	VSIGMOID(16(SI)(BX*4), 16(DI)(BX*4), 32(SI)(BX*4))
	VSIGMOID(32(SI)(BX*4), 32(DI)(BX*4), 48(SI)(BX*4))
	VSIGMOID(48(SI)(BX*4), 48(DI)(BX*4), 0(SI)(CX*4))
	ADDQ $16, BX
	CMPQ BX, DX
	JLT  loop

done:
	VZEROUPPER
	RET

#define EXPNEGTURN(o) \
	EXPNEG64(o(SI)(BX*4)); \
	VMOVUPD Y0, (2*o)(R8)(BX*8)

#define SOFTPLUSHEADTURN(o) \
	VMOVUPD (2*o)(R8)(BX*8), Y1; \
	LOG1PHEAD((2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8))

// vsoftplus: f and b of log1p(exp(−|x|)) for the CX values at SI.
TEXT vsoftplus<>(SB), NOSPLIT|NOFRAME, $0
	EXP64SETUP
	PASS64(exps, EXPNEGTURN)
	LOG64HEADSETUP
	PASS64(heads, SOFTPLUSHEADTURN)
	LOG64TAILSETUP
	RET

#define SOFTPLUSTURN(o) VSOFTPLUS(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), V(W_PLUS), V(W_PLUS), o(DI)(BX*4))

// func SoftplusAVX2(dst, src []float32)
TEXT ·SoftplusAVX2(SB), 0, $8256-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER64(8256)
	TESTQ DX, DX
	JZ    done

chunk:
	FIRSTCHUNK
	CALL vsoftplus<>(SB)
	PASS64(loop, SOFTPLUSTURN)
	NEXTCHUNK64(chunk)

done:
	VZEROUPPER
	RET

#define LOGSIGMOIDTURN(o) VSOFTPLUS(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), V(W_SIGN), V(V_SIGN), o(DI)(BX*4))

// func LogSigmoidAVX2(dst, src []float32)
TEXT ·LogSigmoidAVX2(SB), 0, $8256-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER64(8256)
	TESTQ DX, DX
	JZ    done

chunk:
	FIRSTCHUNK
	CALL vsoftplus<>(SB)
	PASS64(loop, LOGSIGMOIDTURN)
	NEXTCHUNK64(chunk)

done:
	VZEROUPPER
	RET

#define POWHEADTURN(o) POWHEAD(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), (2*o+AOFF)(R8)(BX*8))
#define POWLOGTURN(o) POWLOG((2*o+AOFF)(R8)(BX*8), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), (2*o)(R8)(BX*8))
#define POSITIVEHEADTURN(o) POSITIVEHEAD(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8))
#define POSITIVELOGTURN(o) POSITIVELOG((2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), (2*o)(R8)(BX*8))
#define POSITIVEEXPTURN(o) POSITIVEEXP((2*o)(R8)(BX*8), o(DI)(BX*4))

// func PowAVX2(dst, src []float32, y float64, sign, nan uint32)
TEXT ·PowAVX2(SB), 0, $12352-64
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER64(12352)
	TESTQ DX, DX
	JZ    done

chunk:
	FIRSTCHUNK
	ORDINARY(check, V_ONES, V_FINITE)
	JNZ special
	LOG64HEADSETUP
	PASS64(heads, POSITIVEHEADTURN)
	LOG64TAILSETUP
	VBROADCASTSD y+48(FP), Y15
	VMOVUPD V(W_FLOOR), Y7
	VMOVUPD V(W_CEIL), Y6
	PASS64(logs, POSITIVELOGTURN)
	EXP64SETUP
	PASS64(exps, POSITIVEEXPTURN)

next:
	NEXTCHUNK64(chunk)

done:
	VZEROUPPER
	RET

special:
	LOG64HEADSETUP
	PASS64(anyheads, POWHEADTURN)
	LOG64TAILSETUP
	VBROADCASTSD y+48(FP), Y15
	VXORPD  Y7, Y7, Y7
	VMOVUPD V(W_MAX), Y6
	PASS64(anylogs, POWLOGTURN)
	EXP64SETUP
	XORQ    BX, BX

anyexps:
	POWEXP(0(SI)(BX*4), 0(R8)(BX*8), 32(R8)(BX*8), sign+56(FP), nan+60(FP), 0(DI)(BX*4))
	POWEXP(32(SI)(BX*4), 64(R8)(BX*8), 96(R8)(BX*8), sign+56(FP), nan+60(FP), 32(DI)(BX*4))
	ADDQ $16, BX
	CMPQ BX, CX
	JLT  anyexps
	JMP  next
