// The floating-point environment. Whatever the thread's MXCSR says (a library built with
// -ffast-math leaves flush-to-zero on, and goroutines inherit it), kernels compute under the
// default: round to nearest even, gradual underflow, no exception trapped. The six low bits
// are flags, which say nothing of the mode.
#define MXCSR_FLAGS 0x3f
#define MXCSR_DEFAULT 0x1f80

// ENTERENV: the default, the thread's own being saved to the 8 bytes at saved. AX is lost.
// LEAVEENV: the thread's own again.
#define ENTERENV(saved, label) \
	STMXCSR saved; \
	MOVL saved, AX; \
	ANDL $~MXCSR_FLAGS, AX; \
	CMPL AX, $MXCSR_DEFAULT; \
	JEQ label; \
	PUSHQ $MXCSR_DEFAULT; \
	LDMXCSR (SP); \
	POPQ AX; \
label:
#define LEAVEENV(saved, label) \
	MOVL saved, AX; \
	ANDL $~MXCSR_FLAGS, AX; \
	CMPL AX, $MXCSR_DEFAULT; \
	JEQ label; \
	LDMXCSR saved; \
label:
