//go:build !purego

#include "textflag.h"
#include "kernel_amd64.h"

// Constants; package generic has the same ones, with their meaning and error.
DATA ·k+K_SIGN(SB)/4, $0x80000000
DATA ·k+K_FLOOR(SB)/4, $0xc2b00f34  // −127·ln2
DATA ·k+K_MAGIC(SB)/4, $0x4b400000  // 1.5·2²³
DATA ·k+K_8_LN2(SB)/4, $0x4138aa3b  // 8/ln2
DATA ·k+K_C1(SB)/4, $0x3db17200     // ln2/8, 15 bits
DATA ·k+K_C2(SB)/4, $0x343fbe8e     // ln2/8 − c1
DATA ·k+K_P2(SB)/4, $0x3f000003     // exp(r) ≈ 1 + r + p2·r² + p3·r³ + p4·r⁴
DATA ·k+K_P3(SB)/4, $0x3e2aae3b
DATA ·k+K_P4(SB)/4, $0x3d2a3a3b
DATA ·k+K_7(SB)/4, $0x40e00000
DATA ·k+K_ONE(SB)/4, $0x3f800000
DATA ·k+K_D0(SB)/4, $0xbefffff8     // log1p(f) ≈ f + f²(d0 + d1·f + d2·f² + d3·f³)
DATA ·k+K_D1(SB)/4, $0x3eaaad55
DATA ·k+K_D2(SB)/4, $0xbe804481
DATA ·k+K_D3(SB)/4, $0x3e4467e0
DATA ·k+K_CEIL(SB)/4, $0x42b00f34   // 127·ln2
DATA ·k+K_M8_LN2(SB)/4, $0xc138aa3b // −8/ln2
GLOBL ·k(SB), RODATA|NOPTR, $68

// Bits of 2^(j/8), less j<<20.
DATA ·exp2+0(SB)/8, $0x3f7b95c23f800000
DATA ·exp2+8(SB)/8, $0x3f75fed73f7837f0
DATA ·exp2+16(SB)/8, $0x3f75672a3f7504f3
DATA ·exp2+24(SB)/8, $0x3f7ac0c73f7744fd
GLOBL ·exp2(SB), RODATA|NOPTR, $32

// c ≈ 1/(1+i/7), chosen so that −ln c is nearly a float32.
DATA ·recip+0(SB)/8, $0x3f62892f3f800000
DATA ·recip+8(SB)/8, $0x3f32ebe83f4728a8
DATA ·recip+16(SB)/8, $0x3f1579a93f23103b
DATA ·recip+24(SB)/8, $0x3f0002063f09c864
GLOBL ·recip(SB), RODATA|NOPTR, $32

// −ln c.
DATA ·nlog+0(SB)/8, $0x3dfa6adc00000000
DATA ·nlog+8(SB)/8, $0x3eb769f43e808ce3
DATA ·nlog+16(SB)/8, $0x3f09bd6e3ee6ee80
DATA ·nlog+24(SB)/8, $0x3f316e0c3f1e977e
GLOBL ·nlog(SB), RODATA|NOPTR, $32

// Sign bit on the label 1.
DATA ·negatepos+0(SB)/8, $0x8000000000000000
DATA ·negatepos+8(SB)/8, $0
DATA ·negatepos+16(SB)/8, $0x8000000000000000
DATA ·negatepos+24(SB)/8, $0
GLOBL ·negatepos(SB), RODATA|NOPTR, $32

// And for the kernels from probabilities.
DATA ·ln+LN_SCALE(SB)/4, $0x4b800000 // 2²⁴
DATA ·ln+LN_SPLIT(SB)/4, $0x4b380000 // lnSplit
DATA ·ln+LN_MASK(SB)/4, $0xff800000  // sign and exponent
DATA ·ln+LN_LN2(SB)/4, $0xb3b17218   // −ln2/2²³
DATA ·ln+LN_LN2HI(SB)/4, $0xb3b17200 // −ln2/2²³, 15 bits
DATA ·ln+LN_LN2LO(SB)/4, $0xaa3fbe8e // the rest
DATA ·ln+LN_G0(SB)/4, $0xbeffffee    // ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³)
DATA ·ln+LN_G1(SB)/4, $0x3eaaab70
DATA ·ln+LN_G2(SB)/4, $0xbe8059ca
DATA ·ln+LN_G3(SB)/4, $0x3e4a990b
DATA ·ln+LN_ZERO(SB)/4, $0x42d20000  // 105
DATA ·ln+LN_TZERO(SB)/4, $0x4b3ffc08 // magic − 1016, the t of 0
GLOBL ·ln(SB), RODATA|NOPTR, $48

// c·2⁻²⁴, c ≈ 1/m amid each eighth of m's range, chosen so that ln c is nearly a
// float32.
DATA ·lnrecip+0(SB)/8, $0x339d906c33aab27d
DATA ·lnrecip+8(SB)/8, $0x3388818e33924777
DATA ·lnrecip+16(SB)/8, $0x336388ea33800000
DATA ·lnrecip+24(SB)/8, $0x333a3636334cd4b4
GLOBL ·lnrecip(SB), RODATA|NOPTR, $32

// ln c.
DATA ·lntable+0(SB)/8, $0x3e54ca273e936287
DATA ·lntable+8(SB)/8, $0x3d83c4153e08b0b5
DATA ·lntable+16(SB)/8, $0xbdf1680200000000
DATA ·lntable+24(SB)/8, $0xbea2f74abe64583b
GLOBL ·lntable(SB), RODATA|NOPTR, $32

// By label: a of t = |a − x| for p_t and for 1 − p_t, times 2²⁴, and as it is.
DATA ·scaleof0+0(SB)/8, $0x000000004b800000
DATA ·scaleof0+8(SB)/8, $0x4b8000004b800000
DATA ·scaleof0+16(SB)/8, $0x000000004b800000
DATA ·scaleof0+24(SB)/8, $0x4b8000004b800000
GLOBL ·scaleof0(SB), RODATA|NOPTR, $32
DATA ·scaleof1+0(SB)/8, $0x4b80000000000000
DATA ·scaleof1+8(SB)/8, $0x4b8000004b800000
DATA ·scaleof1+16(SB)/8, $0x4b80000000000000
DATA ·scaleof1+24(SB)/8, $0x4b8000004b800000
GLOBL ·scaleof1(SB), RODATA|NOPTR, $32
DATA ·oneof0+0(SB)/8, $0x000000003f800000
DATA ·oneof0+8(SB)/8, $0x3f8000003f800000
DATA ·oneof0+16(SB)/8, $0x000000003f800000
DATA ·oneof0+24(SB)/8, $0x3f8000003f800000
GLOBL ·oneof0(SB), RODATA|NOPTR, $32
DATA ·oneof1+0(SB)/8, $0x3f80000000000000
DATA ·oneof1+8(SB)/8, $0x0000000000000000
DATA ·oneof1+16(SB)/8, $0x3f80000000000000
DATA ·oneof1+24(SB)/8, $0x0000000000000000
GLOBL ·oneof1(SB), RODATA|NOPTR, $32

// In all lanes: what is not the sign, the greatest CE, the least p_t of a gradient
// and the least q > 0.
DATA ·abs+0(SB)/8, $0x7fffffff7fffffff
DATA ·abs+8(SB)/8, $0x7fffffff7fffffff
DATA ·abs+16(SB)/8, $0x7fffffff7fffffff
DATA ·abs+24(SB)/8, $0x7fffffff7fffffff
GLOBL ·abs(SB), RODATA|NOPTR, $32
DATA ·hundred+0(SB)/8, $0x42c8000042c80000
DATA ·hundred+8(SB)/8, $0x42c8000042c80000
DATA ·hundred+16(SB)/8, $0x42c8000042c80000
DATA ·hundred+24(SB)/8, $0x42c8000042c80000
GLOBL ·hundred(SB), RODATA|NOPTR, $32
DATA ·minprob+0(SB)/8, $0x2b8cbccc2b8cbccc
DATA ·minprob+8(SB)/8, $0x2b8cbccc2b8cbccc
DATA ·minprob+16(SB)/8, $0x2b8cbccc2b8cbccc
DATA ·minprob+24(SB)/8, $0x2b8cbccc2b8cbccc
GLOBL ·minprob(SB), RODATA|NOPTR, $32
DATA ·least+0(SB)/8, $0x0000000100000001
DATA ·least+8(SB)/8, $0x0000000100000001
DATA ·least+16(SB)/8, $0x0000000100000001
DATA ·least+24(SB)/8, $0x0000000100000001
GLOBL ·least(SB), RODATA|NOPTR, $32
