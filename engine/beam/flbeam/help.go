package main

const long = `flbeam evaluates losses over many .npy files by Apache Beam, on Prism in this process or on a
runner with a portable job service. Results are those of 'flbench eval', to the last bit,
whatever the runner, its workers and --span-blocks.

A PATH is a folder with logits.npy and labels.npy, as for flbench eval: a path, or
s3://BUCKET/KEY or gs://BUCKET/KEY, of which ranges are read. A star in it stands for any characters
but a slash, quoted or not, and at the beginning of a name for none that begin with a dot. Files in other
places are found by --logits and --labels. Options of a bucket come last, as those of a
server that is like S3: 's3://runs/*/*?endpoint=http://localhost:9000&use_path_style=true&region=us-east-1';
credentials are those of the environment.

Logits are float32, float16, bfloat16 or float64 of shape (A,), (A, C) or (N, A, C). Labels are
a class index for each anchor, -1 for background and -2 for ignored, or for each score 0, 1 or
255, or floats from 0 to 1 with -1 for ignored. What else flbench eval takes (.npz,
.safetensors, other layouts, weights) is refused: 'flbench eval --partial' and 'flbench merge' are for
it. A file is cut at multiples of 4096 scores, and its bytes are read once for all --losses,
but the labels twice where only their values tell what they are: see --targets.

Results are counted per loss and key, see --key, and in all. With --json that is one object: of one loss
loss (name and parameters), results and total, of several losses, a list of these; and runner,
span_blocks, warnings of what looks like a wrong convention, and notes (path and text). Each of the results, and total, has key, scores, positives,
ignored, sum, mean, per_positive and exact, the text of an engine.Result; with --top K above 0 also
top: the hardest scores, largest loss first, of equal ones by path and place, each with
path, row, column, logit (with --probs: prob), label (0 or 1; where targets are soft it is target) and
loss. What is not finite is one of the strings "Infinity" and "-Infinity".

A file given twice, whatever its names, a glob that stands for nothing, a file that changes
during the run, a value that is none: each is an error that names the file and the element, exit
code 1, and nothing is printed. So is a job whose results are of more or fewer scores than
the files have. What Beam logs is printed on stderr with -v only.

The flags from --endpoint on are Beam's, which has more. Runners have options of their own:
--pipeline-option. Prism and apache-beam's job service (PyPI) are tested; Flink's, Spark's and
Dataflow's are not.

The exit code is 0, 1 for a failure, 2 for wrong usage.`

const example = `  # Two losses of all images, and the ten hardest scores of each camera
  flbeam --losses ce,focal --key 'cam(\d+)/' --top 10 'run/*/*'

  # Logits of several versions of a model against the same labels
  flbeam --logits 'models/*/scores.npy' --labels truth.npy --key folder --json

  # On a job service whose workers are in this process
  python -m apache_beam.runners.portability.local_job_service_main --port 8099
  flbeam --runner universal --endpoint localhost:8099 's3://runs/2026-11/*'

  # The same with workers of another process, of which there can be several
  flbeam pool --port 9000
  flbeam --runner universal --endpoint localhost:8099 --environment_type EXTERNAL \
      --environment_config localhost:9000 --results /tmp/results 'run/*/*'`
