// Lockstep: one operation on the four vectors of a quad, or the two of a pair. Operands that
// step are the first of four, or two, registers; of C the first operand stays, of T the
// second, and 1 has a single source.
#define QUAD(OP, m, n, d) OP(m, n, d); OP((m)+1, (n)+1, (d)+1); OP((m)+2, (n)+2, (d)+2); OP((m)+3, (n)+3, (d)+3)
#define QUADC(OP, c, n, d) OP(c, n, d); OP(c, (n)+1, (d)+1); OP(c, (n)+2, (d)+2); OP(c, (n)+3, (d)+3)
#define QUADT(OP, m, t, d) OP(m, t, d); OP((m)+1, t, (d)+1); OP((m)+2, t, (d)+2); OP((m)+3, t, (d)+3)
#define QUAD1(OP, n, d) OP(n, d); OP((n)+1, (d)+1); OP((n)+2, (d)+2); OP((n)+3, (d)+3)
#define QUADLD(off, a, d) LDR_Q(off, a, d); LDR_Q((off)+16, a, (d)+1); LDR_Q((off)+32, a, (d)+2); LDR_Q((off)+48, a, (d)+3)
#define QUADST(off, a, d) STR_Q(off, a, d); STR_Q((off)+16, a, (d)+1); STR_Q((off)+32, a, (d)+2); STR_Q((off)+48, a, (d)+3)

#define PAIR(OP, m, n, d) OP(m, n, d); OP((m)+1, (n)+1, (d)+1)
#define PAIRC(OP, c, n, d) OP(c, n, d); OP(c, (n)+1, (d)+1)
#define PAIRT(OP, m, t, d) OP(m, t, d); OP((m)+1, t, (d)+1)
#define PAIR1(OP, n, d) OP(n, d); OP((n)+1, (d)+1)
#define PAIRLD(off, a, d) LDR_Q(off, a, d); LDR_Q((off)+16, a, (d)+1)
#define PAIRST(off, a, d) STR_Q(off, a, d); STR_Q((off)+16, a, (d)+1)

// CONST: the vector d from the table of constants. QUADCONST and PAIRCONST set up accumulators for FMLA
// by loads: the load pipes are idle where register moves would cost the vector pipes.
#define rTable 10
#define CONST(off, d) LDR_Q(off, rTable, d)
#define PAIRCONST(off, d) CONST(off, d); CONST(off, (d)+1)
#define QUADCONST(off, d) CONST(off, d); CONST(off, (d)+1); CONST(off, (d)+2); CONST(off, (d)+3)

// LOOKUPINDEX: I = byte indices of element (T mod 8) of a table of eight floats:
// 4j, 4j+1, 4j+2, 4j+3 in each lane; J = j. BYTES is where the constants have 0, 1, 2, 3.
#define LOOKUPINDEX(T, INDEX, SPREAD, BYTES, J, I) \
	QUADC(AND_16B, INDEX, T, J)   /* J = j */; \
	QUADCONST(BYTES, I); \
	QUADC(MLA_4S, SPREAD, J, I)
