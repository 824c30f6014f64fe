/*
 * The functions of flengine.h. Each refuses to enter Go where that hangs, and computes under the
 * default floating-point environment, which Go's runtime expects of every thread that it runs on.
 */
#include "flengine.h"
#include "_cgo_export.h"

#include <string.h>

#if !defined(_WIN32)
#include <pthread.h>
#include <signal.h>
#endif

#if defined(__GNUC__)
#define EXPORTED __attribute__((visibility("default")))
#define RARE(x) __builtin_expect((x), 0)
#else
#define EXPORTED
#define RARE(x) (x)
#endif

#if defined(__GLIBC__)
#include <gnu/libc-version.h>
/*
 * Where libc is musl, Go crashes when it is loaded: it wants main's arguments, which musl gives to
 * nobody. musl has no such function, and so refuses to load this library.
 */
__attribute__((used)) static const char *(*const wants_glibc)(void) = gnu_get_libc_version;
#endif

/* The control registers of floating-point arithmetic, without flags of what has happened. */
#if defined(__x86_64__)
typedef uint32_t environment;
static const environment usual = 0x1f80;
static const environment flags = 0x3f;
static inline environment get(void) { return __builtin_ia32_stmxcsr(); }
static inline void set(environment e) { __builtin_ia32_ldmxcsr(e); }
#elif defined(__aarch64__)
typedef uint64_t environment;
static const environment usual = 0;
static const environment flags = 0;
static inline environment get(void) { environment e; __asm__ volatile("mrs %0, fpcr" : "=r"(e)); return e; }
static inline void set(environment e) { __asm__ volatile("msr fpcr, %0" : : "r"(e)); }
#else
typedef int environment; /* generic kernels say what they need */
static const environment usual = 0;
static const environment flags = 0;
static inline environment get(void) { return 0; }
static inline void set(environment e) { (void)e; }
#endif

/*
 * Go starts its threads from the constructors of the library, between these two, and they are like
 * the thread that starts them: they get the default environment of arithmetic, and take no
 * signals that a program handles, whose handlers may not be fit for Go's small stacks.
 */
static environment loader_environment;

#if !defined(_WIN32)
static sigset_t loader_signals;
#endif

__attribute__((constructor(101))) static void before_go(void)
{
	loader_environment = get();
	set(usual);
#if !defined(_WIN32)
	/* Those of faults are a thread's own; by SIGURG Go stops threads, SIGPROF measures them. */
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPIPE, SIGURG, SIGPROF };
	sigset_t others;
	sigfillset(&others);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		sigdelset(&others, own[i]);
	pthread_sigmask(SIG_BLOCK, &others, &loader_signals);
#endif
}

/* Go's threads are not in a child that fork made, where the first call that needs one hangs. */
static volatile int forked;

#if !defined(_WIN32)
static void in_child(void) { forked = 1; }
#endif

__attribute__((constructor)) static void after_go(void)
{
	set(loader_environment);
#if !defined(_WIN32)
	pthread_sigmask(SIG_SETMASK, &loader_signals, NULL);
	pthread_atfork(NULL, NULL, in_child);
#endif
}

static int32_t refuse(fl_error *error)
{
	static const char message[] = "this process is a child that fork made after the library was loaded, and Go does "
		"not survive fork: start processes by exec, as posix_spawn does, in Python multiprocessing's \"spawn\" or "
		"\"forkserver\", or load the library in the child";
	if (error != NULL && error->size >= sizeof *error) {
		error->code = FL_ERROR_FORKED;
		error->truncated = 0;
		error->index = -1;
		error->value = 0;
		memcpy(error->field, "process", sizeof "process");
		memcpy(error->message, message, sizeof message);
	}
	return FL_ERROR_FORKED;
}

#define ENTER(call, error)                                                                                             \
	do {                                                                                                           \
		if (RARE(forked))                                                                                      \
			return refuse(error);                                                                          \
		environment before = get();                                                                            \
		int other = RARE((before & ~flags) != usual);                                                                \
		if (RARE(other))                                                                                       \
			set(usual);                                                                                    \
		int32_t code = (call);                                                                                 \
		if (RARE(other))                                                                                       \
			set(before);                                                                                   \
		return code;                                                                                           \
	} while (0)

EXPORTED int32_t fl_evaluate(const fl_request *request, fl_result *result, fl_error *error)
{
	ENTER(flengine_evaluate((void *)request, result, error), error);
}

EXPORTED int32_t fl_sweep(const fl_request *request, const char *const *losses, int64_t count, fl_result *results,
	fl_error *error)
{
	ENTER(flengine_sweep((void *)request, (void *)losses, count, results, error), error);
}

EXPORTED int32_t fl_hardest(const fl_request *request, int64_t k, int32_t among, float least, fl_hard *hard,
	int64_t *found, fl_result *result, fl_error *error)
{
	ENTER(flengine_hardest((void *)request, k, among, least, hard, found, result, error), error);
}

EXPORTED int32_t fl_merge(const void *a, int64_t a_size, const void *b, int64_t b_size, fl_result *sum, fl_error *error)
{
	ENTER(flengine_merge((void *)a, a_size, (void *)b, b_size, sum, error), error);
}

EXPORTED int32_t fl_json(const void *binary, int64_t binary_size, char *buffer, int64_t capacity, int64_t *length,
	fl_error *error)
{
	ENTER(flengine_json((void *)binary, binary_size, buffer, capacity, length, error), error);
}

EXPORTED int32_t fl_loss(const char *loss, char *buffer, int64_t capacity, int64_t *length, fl_error *error)
{
	ENTER(flengine_loss((void *)loss, buffer, capacity, length, error), error);
}

EXPORTED int32_t fl_kernels(char *buffer, int64_t capacity, int64_t *length, fl_error *error)
{
	ENTER(flengine_kernels(buffer, capacity, length, error), error);
}

EXPORTED int32_t fl_kernel(const char *kernel, char *buffer, int64_t capacity, int64_t *length, fl_error *error)
{
	ENTER(flengine_kernel((void *)kernel, buffer, capacity, length, error), error);
}

EXPORTED const char *fl_version(void) { return FL_VERSION; }
