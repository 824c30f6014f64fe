/*
 * What a C library must live with, one test a run: hazards TEST LIBRARY [LIBRARY]. It prints what
 * is compared, and says on stderr what is wrong. library_test.go runs it.
 */
#define _GNU_SOURCE
#include <flengine.h>

#include <dlfcn.h>
#include <fenv.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WANT(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what)) {                                                                                         \
			fprintf(stderr, "hazards.c:%d: want %s\n", __LINE__, #what);                                   \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

typedef int32_t evaluate_function(const fl_request *, fl_result *, fl_error *);

static evaluate_function *evaluate; /* of the library under test */

static void *opened(const char *path, int flags)
{
	void *library = dlopen(path, RTLD_NOW | flags);
	if (library == NULL) {
		fprintf(stderr, "hazards: %s\n", dlerror());
		exit(1);
	}
	*(void **)&evaluate = dlsym(library, "fl_evaluate");
	WANT(evaluate != NULL);
	return library;
}

enum { ROWS = 3001, COLUMNS = 7, N = ROWS * COLUMNS };

static double scores[N];
static uint8_t labels[N];
static int64_t classes[ROWS];
static float targets[N];
static float losses[N], gradients[N];

/* Logits are multiples of 1/2 up to 100, which all types have; library_test.go makes the same. */
static void make_inputs(void)
{
	uint32_t state = 12345;
	for (int i = 0; i < N; i++) {
		state = state * 1664525 + 1013904223;
		scores[i] = ((int)(state >> 8) % 401 - 200) / 2.0;
		labels[i] = (state >> 20) % 3 == 2 ? 255 : (state >> 20) % 3;
		targets[i] = (float)((state >> 24) % 5) / 4;
	}
	for (int i = 0; i < ROWS; i++) {
		state = state * 1664525 + 1013904223;
		classes[i] = (int)((state >> 8) % (COLUMNS + 2)) - 2;
	}
}

static uint64_t hash(uint64_t h, const void *p, size_t n)
{
	const unsigned char *b = p;
	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 1099511628211u;
	return h;
}

/* must ends the test if a call failed. */
static void must(int32_t code, const fl_error *error)
{
	if (code == FL_OK)
		return;
	fprintf(stderr, "hazards: code %" PRId32 ": %s\n", code, error->message);
	exit(1);
}

/* half returns the upper or, of float16, the rounded half of a float that has one. */
static uint16_t half(float x, int32_t type)
{
	uint32_t b;
	memcpy(&b, &x, 4);
	if (type == FL_BFLOAT16)
		return b >> 16;
	if (x == 0)
		return b >> 16 & 0x8000;
	return (uint16_t)((b >> 16 & 0x8000) | (((b >> 23 & 0xff) - 112) << 10) | (b >> 13 & 0x3ff));
}

/* hash_all evaluates all types of scores with all forms of labels, and prints a hash of each. */
static void hash_all(FILE *to)
{
	static const char *const types[] = { "float32", "float16", "bfloat16", "float64" };
	static const char *const forms[] = { "", "labels", "classes", "targets" };
	static float floats[N];
	static uint16_t halves[2][N];
	float upstream = 1e-30f;

	for (int i = 0; i < N; i++) {
		floats[i] = (float)scores[i];
		halves[0][i] = half(floats[i], FL_FLOAT16);
		halves[1][i] = half(floats[i], FL_BFLOAT16);
	}
	for (int32_t form = FL_LABELS; form <= FL_TARGETS; form++) {
		for (int32_t type = FL_FLOAT32; type <= FL_FLOAT64; type++) {
			fl_request r = FL_INIT(fl_request);
			fl_result result = FL_INIT(fl_result);
			fl_error error = FL_INIT(fl_error);
			unsigned char binary[FL_RESULT_BYTES];

			r.loss = form == FL_TARGETS ? "qfl" : "focal";
			r.rows = ROWS;
			r.columns = COLUMNS;
			r.workers = 2;
			r.scores_type = type;
			r.scores = type == FL_FLOAT32 ? (void *)floats : type == FL_FLOAT64 ? (void *)scores : halves[type - 1];
			r.labels_form = form;
			r.labels_type = form == FL_LABELS ? FL_UINT8 : form == FL_CLASSES ? FL_INT64 : FL_FLOAT32;
			r.labels = form == FL_LABELS ? (void *)labels : form == FL_CLASSES ? (void *)classes : targets;
			r.losses = losses;
			r.gradients = gradients;
			result.binary = binary;
			must(evaluate(&r, &result, &error), &error);
			uint64_t h = hash(hash(14695981039346656037u, losses, sizeof losses), gradients, sizeof gradients);
			h = hash(h, binary, result.binary_size);
			r.upstream = &upstream; /* the products are subnormal */
			r.upstream_count = 1;
			must(evaluate(&r, &result, &error), &error);
			h = hash(h, gradients, sizeof gradients);
			fprintf(to, "%s %s %016" PRIx64 "\n", types[type], forms[form], h);
		}
	}
}

/* small evaluates a few scores, and returns what the library does. */
static int32_t small(fl_error *error, double *sum)
{
	float x[3] = { 1, -2, 0.5f };
	uint8_t y[3] = { 1, 0, 0 };
	fl_request r = FL_INIT(fl_request);
	fl_result result = FL_INIT(fl_result);

	r.loss = "focal";
	r.rows = 3;
	r.columns = 1;
	r.scores = x;
	r.labels = y;
	r.labels_form = FL_LABELS;
	r.labels_type = FL_UINT8;
	int32_t code = evaluate(&r, &result, error);
	if (sum != NULL)
		*sum = result.sum;
	return code;
}

static void small_works(void)
{
	fl_error error = FL_INIT(fl_error);
	double sum = 0;
	must(small(&error, &sum), &error);
	WANT(sum > 0.1 && sum < 1);
}

static void test_small(const char *path)
{
	(void)path;
	small_works();
}

/* Floating-point environments: rounding modes, traps, and, of x86 and Arm, flush-to-zero. */
static void set_environment(int number)
{
	static const int rounding[] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };
	fesetround(rounding[number % 4]);
	if (number >= 8)
		feenableexcept(FE_INEXACT | FE_UNDERFLOW | FE_INVALID);
	if (number / 4 % 2 == 0)
		return;
#if defined(__x86_64__)
	__builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);
#elif defined(__aarch64__)
	uint64_t e;
	__asm__ volatile("mrs %0, fpcr" : "=r"(e));
	__asm__ volatile("msr fpcr, %0" : : "r"(e | 1 << 24));
#endif
}

static uint64_t environment(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_stmxcsr() & ~0x3f;
#elif defined(__aarch64__)
	uint64_t e;
	__asm__ volatile("mrs %0, fpcr" : "=r"(e));
	return e;
#else
	return 0;
#endif
}

enum { ENVIRONMENTS = 16 };

static void test_environment(const char *path)
{
	(void)path;
	char *first = NULL;
	for (int i = 0; i < ENVIRONMENTS; i++) {
		char *text;
		size_t size;
		FILE *to = open_memstream(&text, &size);
		fenv_t saved;
		fegetenv(&saved);
		set_environment(i);
		uint64_t before = environment();
		hash_all(to);
		WANT(environment() == before);
		fesetenv(&saved);
		fclose(to);
		if (first == NULL)
			fputs(first = text, stdout);
		WANT(strcmp(first, text) == 0);
	}
}

/* Go's threads are made as the library is loaded, and must not be like the thread that loads it. */
static void test_loading_environment(const char *path)
{
	fenv_t saved;
	fegetenv(&saved);
	set_environment(5);
	uint64_t before = environment();
	opened(path, RTLD_LOCAL);
	WANT(environment() == before);
	fesetenv(&saved);
	for (int i = 0; i < 20; i++) /* whichever thread does a part */
		hash_all(i == 0 ? stdout : fopen("/dev/null", "w"));
}

static int exit_code(pid_t pid)
{
	int status;
	for (int i = 0; i < 3000; i++) { /* a child that hangs is one that fails */
		pid_t got = waitpid(pid, &status, WNOHANG);
		if (got == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		WANT(got == 0);
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	}
	kill(pid, SIGKILL);
	return 255;
}

static char *program; /* this one */

static void test_fork(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);
	int32_t (*kernels)(char *, int64_t, int64_t *, fl_error *);
	const char *(*version)(void);
	*(void **)&kernels = dlsym(library, "fl_kernels");
	*(void **)&version = dlsym(library, "fl_version");
	small_works();
	hash_all(fopen("/dev/null", "w")); /* with helpers awake */
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();
		WANT(pid >= 0);
		if (pid == 0) {
			fl_error error = FL_INIT(fl_error);
			char buffer[100];
			int bad = small(&error, NULL) != FL_ERROR_FORKED || error.code != FL_ERROR_FORKED ||
				strstr(error.message, "spawn") == NULL || kernels(buffer, 100, NULL, NULL) != FL_ERROR_FORKED ||
				strcmp(version(), FL_VERSION) != 0;
			_exit(bad);
		}
		WANT(exit_code(pid) == 0);
		small_works();
	}
	/* What begins with exec is a process like others. */
	char *emulator = getenv("FLENGINE_EMULATOR");
	char *const arguments[] = { emulator, program, "small", (char *)path, NULL };
	char *const *own = emulator == NULL ? arguments + 1 : arguments;
	extern char **environ;
	pid_t pid;
	WANT(posix_spawnp(&pid, own[0], NULL, NULL, own, environ) == 0);
	WANT(exit_code(pid) == 0);
}

/* A child that loads the library itself can use it. */
static void test_fork_before(const char *path)
{
	pid_t pid = fork();
	WANT(pid >= 0);
	if (pid == 0) {
		opened(path, RTLD_LOCAL);
		small_works();
		exit(0);
	}
	WANT(exit_code(pid) == 0);
	opened(path, RTLD_LOCAL);
	small_works();
}

static int got;
static void count(int signal) { (void)signal; __atomic_fetch_add(&got, 1, __ATOMIC_RELAXED); }

static void *spin(void *until)
{
	while (!*(volatile int *)until)
		small_works();
	return NULL;
}

static void test_signals(const char *path)
{
	struct sigaction act = { .sa_handler = count }, now;
	sigset_t mask, mask_now;
	sigaction(SIGUSR1, &act, NULL);
	sigaction(SIGPROF, &act, NULL);
	signal(SIGUSR2, SIG_IGN);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	opened(path, RTLD_LOCAL);
	pthread_sigmask(SIG_SETMASK, NULL, &mask_now);
	WANT(memcmp(&mask, &mask_now, sizeof(sigset_t) / 16) == 0);
	small_works();

	/* What the program has for its signals is as before. */
	sigaction(SIGINT, NULL, &now);
	WANT(now.sa_handler == SIG_DFL);
	sigaction(SIGTERM, NULL, &now);
	WANT(now.sa_handler == SIG_DFL);
	sigaction(SIGUSR1, NULL, &now);
	WANT(now.sa_handler == count);
	sigaction(SIGPROF, NULL, &now);
	WANT(now.sa_handler == count);
	sigaction(SIGUSR2, NULL, &now);
	WANT(now.sa_handler == SIG_IGN);

	/* Handlers run while threads are in the library, and never on Go's threads. */
	act.sa_flags = SA_ONSTACK;
	sigaction(SIGINT, &act, NULL);
	pthread_t threads[2];
	int stop = 0;
	for (int i = 0; i < 2; i++)
		WANT(pthread_create(&threads[i], NULL, spin, &stop) == 0);
	for (int i = 0; i < 200; i++) {
		kill(getpid(), i % 2 ? SIGINT : SIGUSR1);
		pthread_kill(threads[i % 2], SIGUSR1);
		pthread_kill(threads[i % 2], SIGPROF);
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	WANT(__atomic_load_n(&got, __ATOMIC_RELAXED) > 100); /* several at once count as one */

	/* Ctrl-C ends a program that has no handler. */
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGINT, SIG_DFL);
		raise(SIGINT);
		_exit(0);
	}
	int status;
	waitpid(pid, &status, 0);
	WANT(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

/* Prints which signals are blocked, of each thread: library_test.go reads it. */
static void test_masks(const char *path)
{
	opened(path, RTLD_LOCAL);
	hash_all(fopen("/dev/null", "w"));
	WANT(system("cat /proc/$PPID/task/*/status | grep -E '^(Pid|SigBlk)'") == 0);
}

static void *hammer(void *result)
{
	for (int i = 0; i < 300; i++) {
		fl_error error = FL_INIT(fl_error);
		double sum;
		must(small(&error, &sum), &error);
		if (i == 0)
			*(double *)result = sum;
		WANT(*(double *)result == sum);
	}
	return NULL;
}

static void run_threads(int n, size_t stack)
{
	pthread_t threads[64];
	double sums[64];
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	if (stack != 0)
		WANT(pthread_attr_setstacksize(&attributes, stack) == 0);
	for (int i = 0; i < n; i++)
		WANT(pthread_create(&threads[i], &attributes, hammer, &sums[i]) == 0);
	for (int i = 0; i < n; i++) {
		WANT(pthread_join(threads[i], NULL) == 0);
		WANT(sums[i] == sums[0]);
	}
	pthread_attr_destroy(&attributes);
}

static void test_threads(const char *path)
{
	(void)path;
	for (int i = 0; i < 40; i++) /* threads come and go */
		run_threads(16, 0);
}

static void *evaluate_large(void *unused)
{
	hash_all(fopen("/dev/null", "w"));
	return unused;
}

static void test_small_stacks(const char *path)
{
	(void)path;
	size_t small = 64 << 10;
	if (small < (size_t)PTHREAD_STACK_MIN)
		small = PTHREAD_STACK_MIN;
	run_threads(8, small);
	pthread_attr_t attributes;
	pthread_t thread;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, small);
	WANT(pthread_create(&thread, &attributes, evaluate_large, NULL) == 0);
	WANT(pthread_join(thread, NULL) == 0);
}

/* Two libraries, that is two of Go's runtimes, in a process. */
static evaluate_function *both[2];

static void *alternate(void *unused)
{
	for (int i = 0; i < 2000; i++) {
		fl_error error = FL_INIT(fl_error);
		float x[64] = { 1, -2, 0.5f };
		uint8_t y[64] = { 1 };
		fl_request r = FL_INIT(fl_request);
		fl_result results[2] = { FL_INIT(fl_result), FL_INIT(fl_result) };
		char background[20];
		snprintf(background, sizeof background, "focal(gamma=%d)", i % 90); /* garbage to collect */
		r.loss = background;
		r.rows = 64;
		r.columns = 1;
		r.scores = x;
		r.labels = y;
		r.labels_form = FL_LABELS;
		r.labels_type = FL_UINT8;
		for (int k = 0; k < 2; k++)
			must(both[k](&r, &results[k], &error), &error);
		WANT(results[0].sum == results[1].sum);
	}
	return unused;
}

static const char *second; /* library */

static void test_two(const char *path)
{
	opened(path, RTLD_GLOBAL);
	both[0] = evaluate;
	opened(second, RTLD_GLOBAL);
	both[1] = evaluate;
	WANT(both[0] != both[1]);
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		WANT(pthread_create(&threads[i], NULL, alternate, NULL) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int k = 0; k < 2; k++) {
		evaluate = both[k];
		hash_all(stdout);
	}
}

/* Memory that cannot be read is an error; a fault of the program's own is its handler's. */
static void *faulty;
static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	_exit(info->si_addr == faulty ? 0 : 1);
}

static void test_fault(const char *path)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	sigaction(SIGSEGV, &act, NULL);
	opened(path, RTLD_LOCAL);
	faulty = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	WANT(faulty != MAP_FAILED);
	uint8_t y[4096] = { 0 };
	fl_request r = FL_INIT(fl_request);
	fl_error error = FL_INIT(fl_error);
	r.loss = "focal";
	r.rows = 4096;
	r.columns = 1;
	r.scores = faulty;
	r.labels = y;
	r.labels_form = FL_LABELS;
	r.labels_type = FL_UINT8;
	WANT(evaluate(&r, NULL, &error) == FL_ERROR_INTERNAL);
	WANT(strstr(error.message, "cannot be read") != NULL);
	small_works();
	*(volatile char *)faulty = 1;
	exit(1);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(const char *path);
		int late; /* the test loads the library */
	} tests[] = {
		{ "small", test_small, 0 },
		{ "environment", test_environment, 0 },
		{ "fork", test_fork, 0 },
		{ "threads", test_threads, 0 },
		{ "small stacks", test_small_stacks, 0 },
		{ "loading environment", test_loading_environment, 1 },
		{ "fork before", test_fork_before, 1 },
		{ "signals", test_signals, 1 },
		{ "masks", test_masks, 1 },
		{ "fault", test_fault, 1 },
		{ "two", test_two, 1 },
	};
	if (argc < 3) {
		fprintf(stderr, "usage: hazards TEST LIBRARY [LIBRARY]\n");
		return 2;
	}
	make_inputs();
	program = argv[0];
	second = argc > 3 ? argv[3] : "";
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		if (strcmp(tests[i].name, argv[1]) != 0)
			continue;
		if (!tests[i].late)
			opened(argv[2], RTLD_LOCAL);
		tests[i].test(argv[2]);
		return 0;
	}
	fprintf(stderr, "hazards: no test %s\n", argv[1]);
	return 2;
}
