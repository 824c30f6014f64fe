/*
 * flengine.h: detection losses over huge batches, for C, C++, Rust, Julia, Python, and whatever
 * else calls C functions.
 *
 * libflengine is the Go package github.com/flengine/flengine/engine behind a few functions: the
 * same losses, the same bits, the same errors. Build it with
 *
 *     cmd/libflengine/build.sh DIRECTORY
 *
 * and see example/example.c beside this file. What a loss is, what its gradient is, and how exact both
 * are, is told by the documentation of package engine; its README lists the losses.
 *
 * Rules that hold for every function
 *
 *   - It returns FL_OK, or the code of what is wrong, and then fills the fl_error, unless that is
 *     NULL. It never aborts, throws, or prints.
 *   - All memory is the caller's. The library keeps no pointer after the call, and hands out none
 *     but that of fl_version, which lives forever.
 *   - It may be called from any thread, by several at once. What is given must not change
 *     during the call. Threads need 64 KiB of stack.
 *   - Pointers to arrays of no elements may be NULL. Those to others must be aligned to their
 *     element. A pointer to memory that cannot be read, such as a mapped file that was cut
 *     short, gives FL_ERROR_INTERNAL where the operating system tells; nobody can tell that a
 *     readable address is the wrong one.
 *   - In a structure, 0 (NULL) is the default of every field but size, which must be sizeof of
 *     the structure: FL_INIT sets it. Later versions add fields at the end, and take structures
 *     without them. Structures that are longer than this library's are taken if what it does not
 *     know is 0.
 *   - The floating-point environment of the calling thread (rounding mode, flush-to-zero of
 *     -ffast-math) changes no bit, and comes back as it was.
 *   - In a child that fork made after the library was loaded every function but fl_version
 *     returns FL_ERROR_FORKED, since Go does not survive fork. Start processes by exec
 *     (posix_spawn; in Python multiprocessing's "spawn" or "forkserver").
 *
 * The library starts threads when it is loaded, and cannot be unloaded. On Linux it needs glibc;
 * musl refuses to load it. It leaves SIGINT and the like to the program, whose signals its own
 * threads do not take; of those it handles (SIGSEGV, SIGBUS, SIGFPE, SIGPIPE, SIGURG, …) it passes
 * on what is not its own. A program that installs handlers later on must do so with SA_ONSTACK, as
 * they may interrupt a call, which is on one of Go's small stacks. The environment variable
 * FLENGINE_KERNEL is read when the library is loaded.
 */
#ifndef FLENGINE_H
#define FLENGINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FL_VERSION "0.1.0" /* of this header; fl_version returns that of the library */

/* FL_INIT initializes a structure: fl_request r = FL_INIT(fl_request); */
#ifdef __cplusplus
#define FL_INIT(type) fl_sized<type>()
#else
#define FL_INIT(type) { .size = sizeof(type) }
#endif

/* What functions return. */
enum {
	FL_OK = 0,
	FL_ERROR_INPUT = 1,    /* an element of an array: a logit that is NaN, a class out of range */
	FL_ERROR_ARGUMENT = 2, /* anything else that was given: a loss, a size, a type */
	FL_ERROR_INTERNAL = 3, /* not the caller's fault, or memory that cannot be read or written */
	FL_ERROR_FORKED = 4    /* the process is a child that fork made, see above */
};

/* The types of elements. */
enum {
	FL_FLOAT32 = 0,
	FL_FLOAT16 = 1,  /* binary16 of IEEE 754 */
	FL_BFLOAT16 = 2, /* the upper half of a float32 */
	FL_FLOAT64 = 3,  /* rounded to float32 where it is read: all is evaluated in float32 */
	FL_UINT8 = 4,    /* and C's and NumPy's bool */
	FL_INT32 = 5,
	FL_INT64 = 6
};

/* What scores are. */
enum {
	FL_LOGITS = 0,       /* before the sigmoid or softmax */
	FL_PROBABILITIES = 1 /* after the sigmoid, in [0, 1] */
};

/* What labels are. */
enum {
	FL_LABELS = 1,  /* one per score: 0 background, 1 foreground, 255 ignored */
	FL_CLASSES = 2, /* one per row: the column of its class, background, or ignored */
	FL_TARGETS = 3  /* one per score: a soft label in [0, 1], or -1 for ignored */
};

/* Which scores fl_hardest takes. */
enum {
	FL_ALL = 0,
	FL_POSITIVES = 1,
	FL_NEGATIVES = 2 /* hard negatives */
};

enum {
	FL_RESULT_BYTES = 576, /* what the binary form of a result has room in */
	FL_LOSS_BYTES = 256    /* what the text of a loss and its NUL have room in */
};

/* fl_request says what to evaluate: rows * columns scores, and where the outputs go. */
typedef struct fl_request {
	uint64_t size; /* sizeof(fl_request) */

	/*
	 * The loss as a text that ends in NUL, such as "focal(alpha=0.25,gamma=2)", "focal", "ce",
	 * "ce(pos=3,neg=1)", "qfl(beta=2)", "softmaxfocal(gamma=2)": ParseLoss of package
	 * engine says it all, and the error of an unknown loss lists them. fl_sweep wants NULL here.
	 */
	const char *loss;

	const char *kernel;  /* one of fl_kernels; NULL: FLENGINE_KERNEL, else the fastest here */
	int32_t workers;     /* the most threads that evaluate; 0: as many as there are CPUs */
	int32_t scores_form; /* FL_LOGITS or FL_PROBABILITIES */

	/*
	 * The scores, row after row: of an anchor, a box or a sample one score per class. For a
	 * vector columns is 1. Losses of rows, those by a softmax, have one loss per row.
	 */
	int64_t rows, columns;
	const void *scores;
	int32_t scores_type; /* FL_FLOAT32, FL_FLOAT16, FL_BFLOAT16 or FL_FLOAT64 */

	int32_t labels_form; /* FL_LABELS, FL_CLASSES or FL_TARGETS */
	int32_t labels_type; /* FL_UINT8, FL_INT32 or FL_INT64; of FL_TARGETS a float */

	int32_t ignored_count;
	const void *labels; /* rows elements if FL_CLASSES, else rows * columns */

	/*
	 * Where scores and labels are not contiguous: the distances between rows and between
	 * columns, each in elements, of any sign, or 0. Those of classes are of rows alone, the
	 * second is not looked at. NULL: {columns, 1}, and of classes {1, 0}. What is not
	 * contiguous, or of a type that engine does not read itself (float64, int64, labels that
	 * are no uint8), is copied, a part at a time.
	 */
	const int64_t *scores_strides, *labels_strides;

	/*
	 * What FL_CLASSES calls a row of no class, and rows that do not count. NULL: -1, and -2.
	 * PyTorch ignores -100, Detectron2 -1 and has background = columns.
	 */
	const int32_t *background;
	const int32_t *ignored; /* ignored_count of them; NULL and 0: -2 */

	/* Factors of losses and gradients, finite and >= 0, contiguous; NULL: none. */
	const float *weights;        /* rows: one per row */
	const float *score_weights;  /* rows * columns: one per score */
	const float *class_weights;  /* columns: of positives, as PyTorch's pos_weight; or of rows of a class */
	const float *column_weights; /* columns: of all scores of a column */

	/*
	 * Outputs, contiguous; NULL: not wanted. losses has rows * columns elements, and of a loss of
	 * rows rows elements; gradients, the derivatives of the sum of the losses by the scores, and
	 * hessians, the second ones by each score, have rows * columns. Where hessians are wanted
	 * losses must be NULL and gradients not. Types are of floats; what is not FL_FLOAT32 is
	 * rounded from that, to nearest even.
	 *
	 * One of the outputs, but not losses of rows, may be the scores themselves, if its elements
	 * have their size and the scores no strides. Else they want memory of their own. After an
	 * error outputs hold unspecified values.
	 */
	void *losses, *gradients, *hessians;
	int32_t losses_type, gradients_type, hessians_type;

	/*
	 * What gradients are multiplied by, in float32, as the chain rule has it: the derivatives of
	 * something by the losses. upstream_count is 1, a factor of all, or the number of
	 * losses; NULL: none. Factors may be anything, and 0 times NaN is NaN. They want gradients,
	 * and hessians NULL.
	 */
	int32_t upstream_type; /* of floats */
	const void *upstream;
	int64_t upstream_count;
} fl_request;

/* fl_result is what an evaluation counts and sums. */
typedef struct fl_result {
	uint64_t size; /* sizeof(fl_result) */

	int64_t scores;    /* what was scored: all but the ignored; rows of losses of rows */
	int64_t positives; /* of these, the foreground */
	int64_t ignored;   /* what was not scored */

	double sum;           /* of the losses, correctly rounded */
	double mean;          /* sum / scores; 0 where scores is 0 */
	double per_positive;  /* sum / max(1, positives) */
	double weighted_mean; /* sum / the sum of the weights, as PyTorch's mean with class weights */

	/*
	 * Room for FL_RESULT_BYTES, where the exact form goes, which fl_merge takes; NULL: not
	 * wanted. Equal results have equal forms. binary_size is set to its length.
	 */
	void *binary;
	int64_t binary_size;
} fl_result;

/* fl_error says what is wrong. */
typedef struct fl_error {
	uint64_t size; /* sizeof(fl_error) */

	int32_t code;       /* what the function returned */
	int32_t truncated;  /* 1 if the message is longer than its room */
	int64_t index;      /* of the first bad element in the field; -1: the field as a whole */
	double value;       /* what was found: the element, or the field's length or value */
	char field[32];     /* the field or argument: "scores", "labels", "gamma" */
	char message[1024]; /* all of it, in a sentence, UTF-8 */
} fl_error;

/* fl_hard is a score and its loss. */
typedef struct fl_hard {
	int64_t index; /* row * columns + column; of a loss of rows the column is the class of the row */
	float loss;
	float score;   /* the logit, or the probability */
	float target;  /* 0 for background, 1 for foreground, or the soft target */
	int32_t unused;
} fl_hard;

#ifdef __cplusplus
} /* extern "C" */
template <typename T> inline T fl_sized() { T t = T(); t.size = sizeof(T); return t; }
extern "C" {
#endif

/* fl_evaluate evaluates a loss, sets the outputs that are wanted, and the result unless NULL. */
int32_t fl_evaluate(const fl_request *request, fl_result *result, fl_error *error);

/*
 * fl_sweep evaluates several losses in one pass. results[i] is what fl_evaluate gives for
 * losses[i], to the last bit; it is one of count structures, each with its size. The request has
 * no loss of its own, and no outputs.
 */
int32_t fl_sweep(const fl_request *request, const char *const *losses, int64_t count,
	fl_result *results, fl_error *error);

/*
 * fl_hardest sets hard to the k scores with the largest losses, hardest first, of those that
 * among says, and found to how many there are, at most k. Losses below least are not taken. Of
 * equal losses those with the lower index come first. The request has no outputs; the result, of
 * all scores, may be NULL.
 */
int32_t fl_hardest(const fl_request *request, int64_t k, int32_t among, float least,
	fl_hard *hard, int64_t *found, fl_result *result, fl_error *error);

/*
 * fl_merge adds two results in their binary form, exactly: in any order and grouping the same
 * bits. One of no bytes is empty, so that fl_merge(b, n, NULL, 0, …) reads one. sum->binary may
 * be one of those that are added.
 */
int32_t fl_merge(const void *a, int64_t a_size, const void *b, int64_t b_size,
	fl_result *sum, fl_error *error);

/*
 * Texts. Each of these writes a text and its NUL to buffer, of capacity bytes, and sets length,
 * unless NULL, to that of the whole text without the NUL. Where there is no room it is an error,
 * and length is set.
 */

/* fl_json writes a result, in its binary form, as flbench eval --json has it. */
int32_t fl_json(const void *binary, int64_t binary_size, char *buffer, int64_t capacity,
	int64_t *length, fl_error *error);

/* fl_loss writes a loss with all its parameters: of "focal" it is "focal(alpha=0.25,gamma=2)". */
int32_t fl_loss(const char *loss, char *buffer, int64_t capacity, int64_t *length, fl_error *error);

/* fl_kernels writes the names of the kernels that this machine can run, fastest first: "avx2,generic". */
int32_t fl_kernels(char *buffer, int64_t capacity, int64_t *length, fl_error *error);

/* fl_kernel writes the name of the kernel that a request with this kernel, which may be NULL, gets. */
int32_t fl_kernel(const char *kernel, char *buffer, int64_t capacity, int64_t *length, fl_error *error);

/* fl_version returns the version of the library. */
const char *fl_version(void);

#ifdef __cplusplus
}
#endif

#endif
