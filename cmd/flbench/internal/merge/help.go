package merge

const long = `merge reads what 'flbench eval --partial' wrote, in one process or in thousands of them on any
machines, and prints what one 'flbench eval' of all the PATHs prints: the table, --json and the
other formats, warnings and notes. Sums are exact, so no bit of it depends on how the work was
cut, and in what order the FILEs are given.

Each line of a FILE is one PATH, or with 'eval --range 2/4' a range of its scores; - is standard
input. The ranges of a PATH become one result, with the bits of the whole. PATHs come in the
order in which the FILEs and lines name them first; of equal losses among the hardest scores of
all PATHs those of the earlier PATH come first.

merge prints nothing, and fails, unless all is there once: it refuses a PATH or a range that is
there twice, also as another spelling, or as a symbolic link to the same file; ranges that are
missing or overlap, or that were cut from a file of another size or time; a task of which lines
are missing; lines of other losses, of other flags that change what an input means, or of another
version of the format; and a line that was cut, changed, or glued to another, which its checksum
tells. Lines of several builds of flbench are merged with a warning. What no line tells of is a
task that wrote nothing at all: --expect N fails unless there are N PATHs. Nor does a line tell
that a copy, or a file that another machine knows by another name, is one that is there already:
want one name for each file on all machines.

Of --top, a line keeps so many of the hardest scores as 'eval --partial --top K' was told, and
merge lists these, or fewer. --sort max wants lines of 'eval --partial --max'.

--json has the keys that 'flbench eval --help' tells. kernel is that of all lines, or those that
there are, joined by +; workers is the largest number of one task.`

const example = `  # Four processes at a time, each with a list of PATHs and a file of results
  ls -d images/*/ | split -l 1000 - list-
  ls list-?? | xargs -P4 -I{} flbench eval --from {} --partial {}.jsonl
  flbench merge --expect 10000 list-*.jsonl

  # One huge file in two tasks
  flbench eval --partial 1.jsonl --range 1/2 huge
  flbench eval --partial 2.jsonl --range 2/2 huge
  flbench merge 1.jsonl 2.jsonl

  # The total of many, for a script, its exact sum too
  cat list-*.jsonl | flbench merge --json - | jq .total.exact`
