/* Token states of the teacher for given piece ids, through the package's own forward pass.
 * `starts` holds n + 1 offsets into `ids`; `states` receives total * hidden floats. */
#include "e5.c"

int teacher_states(e5_model *model, const int *ids, const int *starts, int n, int total, float *states) {
    int *position = malloc(sizeof(int) * total), *first = malloc(sizeof(int) * total), *end = malloc(sizeof(int) * total);
    for (int text = 0; text < n; text++)
        for (int at = starts[text]; at < starts[text + 1]; at++) {
            position[at] = at - starts[text];
            first[at] = starts[text];
            end[at] = starts[text + 1];
        }
    int failed = forward_batch(model, ids, position, first, end, starts, n, total, NULL, states);
    free(position); free(first); free(end);
    return failed;
}
