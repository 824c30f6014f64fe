// The floating-point environment. Whatever the thread's FPCR says (a library built with
// -ffast-math leaves flush-to-zero on, and goroutines inherit it), kernels compute under 0, the
// default: round to nearest even, gradual underflow, NaNs as they are, no exception trapped.

// ENTERENV: the default, the thread's own being saved to the 8 bytes at saved. R20 is lost.
// LEAVEENV: the thread's own again.
#define ENTERENV(saved, label) \
	MRS FPCR, R20; \
	MOVD R20, saved; \
	CBZ R20, label; \
	MSR ZR, FPCR; \
label:
#define LEAVEENV(saved, label) \
	MOVD saved, R20; \
	CBZ R20, label; \
	MSR R20, FPCR; \
label:
