#!/bin/sh
# Evaluates the images of images.txt, which lists a PATH a line, in tasks of four images, two
# at a time. Flags are those of flbench merge. After a failure run it again: tasks that are
# done are kept. Remove the folder parts for other images.
set -eu
[ -d parts ] || { mkdir parts && split -a 4 -l 4 images.txt parts/task-; }
cat parts/task-???? | cmp - images.txt
printf '%s\n' parts/task-???? |
	xargs -P 2 -I TASK sh -c '[ -e TASK.jsonl ] || flbench eval --workers 1 --partial TASK.jsonl --from TASK'
flbench merge "$@" --expect $(wc -l <images.txt) parts/task-????.jsonl
