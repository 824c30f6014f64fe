package eval

import (
	"fmt"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/engine"
)

var long = fmt.Sprintf(`eval evaluates a detection loss over a detector's raw scores, and shows how much of it
the easy negatives make up.

Each PATH is an image, or a batch of them: a folder with logits.npy and labels.npy, an .npz or
.safetensors file with arrays of these names, a folder of such files, or - for one on standard
input. From Python:

  np.save("logits.npy", logits.numpy())     # (A, C), (N, A, C) or (A,), before the sigmoid;
                                            # float32, float16, bfloat16, float64 (rounded)
  np.save("labels.npy", classes.numpy())    # (A,) or (N, A), any integer type: the column of
                                            # each anchor's class, %d background, %d ignored
  np.save("labels.npy", onehot.numpy())     # or the logits' shape, uint8, bool or any other:
                                            # 0, 1, or in uint8 %d for ignored; of floats also
                                            # soft targets from 0 to 1, %d for ignored
  np.savez("image.npz", logits=logits.numpy(), labels=classes.numpy())
  safetensors.torch.save_file({"logits": logits, "labels": classes}, "image.safetensors")

A head of another layout needs no copy: --layout=nca for (N, C, A) as of YOLO, chw for (C, H, W), --columns=4: for
one whose first four columns are boxes, --probs for scores after the sigmoid, --background=80
--ignored=-1 for class indices as Detectron2 has them, --ignored=-100 for PyTorch's,
--targets=binary for 0 and 1 of one column, --targets=soft for floats that are targets even if
all of them are 0 and 1, --weights F for a weight per anchor. What can mean
two things is refused, with the flag for each. What looks like a wrong convention, such as a file
in which every anchor is positive, is evaluated with a warning.

Files are mapped and evaluated in shards, read ahead of the workers, so they may be larger than
memory. All shards of all PATHs are spread over the workers.

For each PATH, and for all of them together, eval prints the entries scored, how
many of them are positive, the entries ignored (scores, not anchors), the sum of
the losses, its mean over the entries scored, and the sum per positive (at least
one), RetinaNet's normaliser. Easy negatives are the background entries with
p_t > 0.9: those of label or target 0 whose logit is below -ln 9 = -2.19722457…, compared without
rounding, -Inf included, or whose probability is below 0.1. Their share of the entries
scored, of the total cross-entropy and of the total of the chosen loss follow.
Of %d PATHs or more, quantiles and a histogram of the sum, or of what --sort names, show how it
is spread over them.

Sums are exact and rounded once: they do not depend on the kernel, the number of
workers, or the order of the PATHs.

--losses ce,focal2,focal1.5 evaluates several losses in one reading of the files, each part of
them while it is in the cache, and reports on each what --loss alone reports: losses of scores,
or of softmax.

The work can be spread over machines, by whatever runs commands there. --partial FILE writes, in
place of the report, a line of JSON for each PATH, with the exact sums and all else that
'flbench merge' needs to print the report of all: that of one eval of all PATHs, to the last bit.
FILE is there once all of it is, with that name, and not before, so that a task that was killed or
failed has left none, and a second try replaces it; - is standard output, where the lines come
at the end, together: no two tasks may share it. --range I/N evaluates the I-th of N ranges of one PATH's scores, I from 1
on, for one large file: each of N tasks maps the file and reads its range alone. It begins and
ends at a multiple of %d scores, under softmax of as many anchors, so that the ranges merge to the
bits of the whole; where there are fewer such parts than ranges the last of these are empty. Every
task reads headers, and what tells class indices from binary labels; standard input and packed
members of an .npz file are read to their end by each, which has to be given the same. Without --partial the report is on the
range, and a note says so.

--max adds the largest loss, as --sort max does; that takes a second evaluation, and about twice
the time. So does --top, which keeps 36 bytes for each score listed, 52 with a box: at most
%d scores, of all PATHs together. Scores are listed with the class's name where classes.txt, and
the anchor's box where anchors.npy lies in PATH or the folder above.

With --json the same is one object with the keys loss (name, and the parameters that
the loss has), kernel, workers (as many as had work), results, total, images, warnings and notes.
Each of the results, and total, has the keys path, scores, positives, ignored, sum, mean,
per_positive, weighted_mean (sum / Σ weights) with --weights, max if asked for, and, but of losses
of rows, easy_negatives (entries_share, ce_share and loss_share, fractions from 0 to 1), and exact:
the counts and all bits of the sum, in base64. Two runs came to the same if it is the same; the
engine's Result reads it (UnmarshalText). The path of total is "total"; with --logits that of the result is the
logits' file. Of several PATHs, images has their count, by, the key that is summarised, quantiles
(percent, value) and histogram (from, to, count); warnings and notes have path and text.
With --top K above 0 each of the results also has top: the hardest scores, largest
loss first, each with the keys row, column, logit (with --probs: prob), label (0 or 1; where
targets are soft it is target, from 0 to 1), loss, and class and box where they are known; of
several PATHs total has that of all, with path. What is not finite is one of the strings
"Infinity", "-Infinity" and "NaN". Bytes of a path that are no UTF-8 are \udc80 to \udcff, as
Python's os.fsdecode has them.
--format jsonl prints each result as a line, without the total; --format csv the same numbers in
columns, after a line of heads. Of several losses, JSON has the keys kernel, workers, losses,
warnings and notes, and each of the losses has loss, results, total and images; jsonl and csv have
a line for each loss and result, which begins with the loss.

The losses are
%s.
--loss takes the name of one, whose parameters have flags of their own, or the whole,
as in --loss 'focal(gamma=2,pos=1,neg=1)', where pos and neg stand for alpha; smoothing=0.1 among
them smooths labels and targets. Losses of softmax are of rows: every anchor has a class, and
what is told of scores is told of anchors, none of which is an easy negative.

Nothing is printed or written if any of the input is bad.`,
	engine.Background, engine.IgnoredClass, engine.IgnoredLabel, engine.IgnoredTarget, outcome.ManyInputs, engine.Block, outcome.MaxKept, cli.LossesHelp(cli.AllFamilies()))

const example = `  # The focal loss (alpha 0.25, gamma 2) of one image
  flbench eval testdata/detector-logits/nanodet/astronaut

  # The cross-entropy of five images and their total, for a script
  flbench eval --json --loss ce testdata/detector-logits/*/*/

  # The 20 images with the largest loss of those that a file lists, for a spreadsheet
  flbench eval --sort loss --limit 20 --format csv --from images.txt

  # Three losses in one reading
  flbench eval --losses ce,focal2,'focal(alpha=0.5,gamma=1)' testdata/detector-logits/*/*/

  # The same total by four processes, each of which has some of the images
  ls -d testdata/detector-logits/*/*/ | split -n r/4 - part.
  ls part.a? | xargs -P4 -I{} flbench eval --partial {}.jsonl --from {}
  flbench merge part.*.jsonl

  # One large file by two tasks
  flbench eval --range 1/2 --partial 1.jsonl large.safetensors
  flbench eval --range 2/2 --partial 2.jsonl large.safetensors
  flbench merge 1.jsonl 2.jsonl

  # The ten hardest scores, and all losses for numpy.load
  flbench eval --top 10 --losses-out losses.npy --logits scores.npy --labels classes.npy`
