// Vector opcodes by register number. Go's assembler lacks most of the floating
// point ones, and names registers in a way that macros cannot count with, so all
// that the kernels use are here.
//
// Operands are in Go's order: the destination is the last, and a non-commutative
// operation is n − m, n / m. Shifts take the count first.

#define FADD_4S(m, n, d)   WORD $(0x4e20d400 | (m)<<16 | (n)<<5 | (d))
#define FSUB_4S(m, n, d)   WORD $(0x4ea0d400 | (m)<<16 | (n)<<5 | (d))
#define FMUL_4S(m, n, d)   WORD $(0x6e20dc00 | (m)<<16 | (n)<<5 | (d))
#define FDIV_4S(m, n, d)   WORD $(0x6e20fc00 | (m)<<16 | (n)<<5 | (d))
#define FMAX_4S(m, n, d)   WORD $(0x4e20f400 | (m)<<16 | (n)<<5 | (d))
#define FMIN_4S(m, n, d)   WORD $(0x4ea0f400 | (m)<<16 | (n)<<5 | (d))
#define FMLA_4S(m, n, d)   WORD $(0x4e20cc00 | (m)<<16 | (n)<<5 | (d))
#define FMLS_4S(m, n, d)   WORD $(0x4ea0cc00 | (m)<<16 | (n)<<5 | (d))
#define FCMGE_4S(m, n, d)  WORD $(0x6e20e400 | (m)<<16 | (n)<<5 | (d)) // n ≥ m
#define FCMGT_4S(m, n, d)  WORD $(0x6ea0e400 | (m)<<16 | (n)<<5 | (d)) // n > m
#define FCMEQ0_4S(n, d)    WORD $(0x4ea0d800 | (n)<<5 | (d))
#define FCMLT0_4S(n, d)    WORD $(0x4ea0e800 | (n)<<5 | (d))
#define SCVTF_4S(n, d)     WORD $(0x4e21d800 | (n)<<5 | (d))
#define FNEG_4S(n, d)      WORD $(0x6ea0f800 | (n)<<5 | (d))
#define FADD_2D(m, n, d)   WORD $(0x4e60d400 | (m)<<16 | (n)<<5 | (d))
#define FSUB_2D(m, n, d)   WORD $(0x4ee0d400 | (m)<<16 | (n)<<5 | (d))
#define FMUL_2D(m, n, d)   WORD $(0x6e60dc00 | (m)<<16 | (n)<<5 | (d))
#define FDIV_2D(m, n, d)   WORD $(0x6e60fc00 | (m)<<16 | (n)<<5 | (d))
#define FMAX_2D(m, n, d)   WORD $(0x4e60f400 | (m)<<16 | (n)<<5 | (d))
#define FMIN_2D(m, n, d)   WORD $(0x4ee0f400 | (m)<<16 | (n)<<5 | (d))
#define FMLA_2D(m, n, d)   WORD $(0x4e60cc00 | (m)<<16 | (n)<<5 | (d))
#define FMLS_2D(m, n, d)   WORD $(0x4ee0cc00 | (m)<<16 | (n)<<5 | (d))
#define FABS_2D(n, d)      WORD $(0x4ee0f800 | (n)<<5 | (d))
#define FCMGE_2D(m, n, d)  WORD $(0x6e60e400 | (m)<<16 | (n)<<5 | (d)) // n ≥ m
#define FCMEQ0_2D(n, d)    WORD $(0x4ee0d800 | (n)<<5 | (d))
#define FCMLT0_2D(n, d)    WORD $(0x4ee0e800 | (n)<<5 | (d))
#define FCVTN_2S(n, d)     WORD $(0x0e616800 | (n)<<5 | (d))
#define FCVTN2_4S(n, d)    WORD $(0x4e616800 | (n)<<5 | (d))
#define FABS_4S(n, d)      WORD $(0x4ea0f800 | (n)<<5 | (d))
#define FCVTL_2D(n, d)     WORD $(0x0e617800 | (n)<<5 | (d))
#define FCVTL2_2D(n, d)    WORD $(0x4e617800 | (n)<<5 | (d))
#define FCVTL_4S(n, d)     WORD $(0x0e217800 | (n)<<5 | (d)) // of four float16
#define FCVTL2_4S(n, d)    WORD $(0x4e217800 | (n)<<5 | (d))

// By lane: d ± n·m[lane], n·m[lane].
#define FMLA_LANE0(m, n, d) WORD $(0x4f801000 | (m)<<16 | (n)<<5 | (d))
#define FMLA_LANE1(m, n, d) WORD $(0x4fa01000 | (m)<<16 | (n)<<5 | (d))
#define FMLA_LANE2(m, n, d) WORD $(0x4f801800 | (m)<<16 | (n)<<5 | (d))
#define FMLA_LANE3(m, n, d) WORD $(0x4fa01800 | (m)<<16 | (n)<<5 | (d))
#define FMLS_LANE1(m, n, d) WORD $(0x4fa05000 | (m)<<16 | (n)<<5 | (d))
#define FMLS_LANE2(m, n, d) WORD $(0x4f805800 | (m)<<16 | (n)<<5 | (d))
#define FMLS_LANE3(m, n, d) WORD $(0x4fa05800 | (m)<<16 | (n)<<5 | (d))
#define FMUL_LANE0(m, n, d) WORD $(0x4f809000 | (m)<<16 | (n)<<5 | (d))
#define FMUL_LANE2(m, n, d) WORD $(0x4f809800 | (m)<<16 | (n)<<5 | (d))

#define ADD_4S(m, n, d)    WORD $(0x4ea08400 | (m)<<16 | (n)<<5 | (d))
#define SUB_4S(m, n, d)    WORD $(0x6ea08400 | (m)<<16 | (n)<<5 | (d))
#define ADD_2D(m, n, d)    WORD $(0x4ee08400 | (m)<<16 | (n)<<5 | (d))
#define SUB_2D(m, n, d)    WORD $(0x6ee08400 | (m)<<16 | (n)<<5 | (d))
#define CMGT_4S(m, n, d)   WORD $(0x4ea03400 | (m)<<16 | (n)<<5 | (d)) // n > m
#define MLA_4S(m, n, d)    WORD $(0x4ea09400 | (m)<<16 | (n)<<5 | (d)) // d + n·m
#define ADD_16B(m, n, d)   WORD $(0x4e208400 | (m)<<16 | (n)<<5 | (d))
#define SUB_16B(m, n, d)   WORD $(0x6e208400 | (m)<<16 | (n)<<5 | (d))
#define CMEQ_16B(m, n, d)  WORD $(0x6e208c00 | (m)<<16 | (n)<<5 | (d))
#define CMEQ_4S(m, n, d)   WORD $(0x6ea08c00 | (m)<<16 | (n)<<5 | (d))
#define UMAX_4S(m, n, d)   WORD $(0x6ea06400 | (m)<<16 | (n)<<5 | (d))
#define UMIN_4S(m, n, d)   WORD $(0x6ea06c00 | (m)<<16 | (n)<<5 | (d))
#define CMLT0_4S(n, d)     WORD $(0x4ea0a800 | (n)<<5 | (d))
#define SHL_4S(s, n, d)    WORD $(0x4f005400 | (32+(s))<<16 | (n)<<5 | (d))
#define SQSHL_4S(s, n, d)   WORD $(0x4f007400 | (32+(s))<<16 | (n)<<5 | (d)) // saturates
#define SHL_2D(s, n, d)    WORD $(0x4f005400 | (64+(s))<<16 | (n)<<5 | (d))
#define USHR_4S(s, n, d)   WORD $(0x6f000400 | (64-(s))<<16 | (n)<<5 | (d))
#define USHR_2D(s, n, d)   WORD $(0x6f000400 | (128-(s))<<16 | (n)<<5 | (d))
#define USHR_16B(s, n, d)  WORD $(0x6f000400 | (16-(s))<<16 | (n)<<5 | (d))
#define SHL_16B(s, n, d)   WORD $(0x4f005400 | (8+(s))<<16 | (n)<<5 | (d))
#define UMAX_16B(m, n, d)  WORD $(0x6e206400 | (m)<<16 | (n)<<5 | (d))
#define SQXTN_4H(n, d)     WORD $(0x0e614800 | (n)<<5 | (d)) // saturates
#define SQXTN2_8H(n, d)    WORD $(0x4e614800 | (n)<<5 | (d))
#define SQXTN_8B(n, d)     WORD $(0x0e214800 | (n)<<5 | (d))
#define SQXTN2_16B(n, d)   WORD $(0x4e214800 | (n)<<5 | (d))
#define UXTL_8H(n, d)      WORD $(0x2f08a400 | (n)<<5 | (d))
#define UXTL2_8H(n, d)     WORD $(0x6f08a400 | (n)<<5 | (d))
#define UXTL_4S(n, d)      WORD $(0x2f10a400 | (n)<<5 | (d))
#define UXTL2_4S(n, d)     WORD $(0x6f10a400 | (n)<<5 | (d))

#define AND_16B(m, n, d)   WORD $(0x4e201c00 | (m)<<16 | (n)<<5 | (d))
#define ORR_16B(m, n, d)   WORD $(0x4ea01c00 | (m)<<16 | (n)<<5 | (d))
#define EOR_16B(m, n, d)   WORD $(0x6e201c00 | (m)<<16 | (n)<<5 | (d))
#define BIC_16B(m, n, d)   WORD $(0x4e601c00 | (m)<<16 | (n)<<5 | (d)) // n &^ m
#define BIT_16B(m, n, d)   WORD $(0x6ea01c00 | (m)<<16 | (n)<<5 | (d)) // d = m ? n : d
#define BSL_16B(m, n, d)   WORD $(0x6e601c00 | (m)<<16 | (n)<<5 | (d)) // d = d ? n : m
#define MOV_16B(n, d)      WORD $(0x4ea01c00 | (n)<<16 | (n)<<5 | (d))

// Table lookups: d = bytes of the table n, or n and n+1, at the indices m; 0
// where an index is beyond it.
#define TBL1_16B(m, n, d)  WORD $(0x4e000000 | (m)<<16 | (n)<<5 | (d))
#define TBL2_16B(m, n, d)  WORD $(0x4e002000 | (m)<<16 | (n)<<5 | (d))

// Loads and stores of 16 bytes at the general register a plus an offset, which is a
// multiple of 16, and a load of 4 bytes into all lanes.
#define LDR_Q(off, a, d)   WORD $(0x3dc00000 | ((off)/16)<<10 | (a)<<5 | (d))
#define STR_Q(off, a, d)   WORD $(0x3d800000 | ((off)/16)<<10 | (a)<<5 | (d))
#define LD1R_4S(a, d)      WORD $(0x4d40c800 | (a)<<5 | (d))
