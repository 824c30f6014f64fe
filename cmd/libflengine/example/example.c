/*
 * Focal loss of four anchors of three classes, the gradients, and what is wrong with a NaN:
 *
 *     cmd/libflengine/build.sh .
 *     cc -std=c99 -I . cmd/libflengine/example/example.c -L . -lflengine -o example
 *     LD_LIBRARY_PATH=. ./example
 */
#include <flengine.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

int main(void)
{
	float logits[4 * 3] = {
		2, -3, -4,
		-2, -5, -3,
		-1, 1, -2,
		-4, -4, -6,
	};
	int32_t classes[4] = { 0, -1, 1, -2 }; /* -1 is background, -2 does not count */
	float gradients[4 * 3];

	fl_request request = FL_INIT(fl_request);
	fl_result result = FL_INIT(fl_result);
	fl_error error = FL_INIT(fl_error);

	request.loss = "focal(alpha=0.25,gamma=2)";
	request.rows = 4;
	request.columns = 3;
	request.scores = logits;
	request.labels = classes;
	request.labels_form = FL_CLASSES;
	request.labels_type = FL_INT32;
	request.gradients = gradients;
	if (fl_evaluate(&request, &result, &error) != FL_OK) {
		fprintf(stderr, "example: %s\n", error.message);
		return 1;
	}
	printf("%" PRId64 " scores, %" PRId64 " positive, %" PRId64 " ignored, sum %.9g, per positive %.9g\n",
		result.scores, result.positives, result.ignored, result.sum, result.per_positive);
	for (int row = 0; row < 4; row++)
		printf("%13.9f %13.9f %13.9f\n", gradients[3 * row], gradients[3 * row + 1], gradients[3 * row + 2]);

	logits[7] = NAN;
	if (fl_evaluate(&request, &result, &error) != FL_ERROR_INPUT) {
		fprintf(stderr, "example: a NaN was taken\n");
		return 1;
	}
	printf("%s\n", error.message);
	printf("field %s, index %" PRId64 "\n", error.field, error.index);
	return 0;
}
