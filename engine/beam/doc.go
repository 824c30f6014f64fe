// Package beam evaluates losses over many files by Apache Beam: on Prism in this process, or on
// any runner that has a portable job service. It has no scheduler of its own.
//
//	globs → Shards → Evaluate: cut into spans → reshuffle → evaluate → combine per (loss, key)
//
// The results are those of package engine to the last bit, whatever the runner, the number of
// workers and the spans: files are cut at multiples of engine.Block scores, and an
// engine.Result adds exactly. Cut, a shard is spans of so many blocks; of a span its bytes alone
// are read, from a local file, or from a bucket by a range request, once for all losses.
//
// # Nothing counts twice, nothing is left out
//
// Runners retry what fails, and commit what a bundle emits as a whole or not at all, so a retried
// span counts once. Beside that, Evaluate compares: the scores counted per loss and key must be
// as many as the headers of the files said. A shard given twice, by other names of its files as well, is an error, as are a
// glob that stands for nothing, a file that changes during a run, and anything that package
// engine refuses, which names the file and its element.
//
// # Results in pipelines
//
// An engine.Result passes through any pipeline without losing a bit, alone and in structs, by
// Beam's default coder as well. Where this package is imported it has a coder of its own, which
// is shorter, and refuses what is no Result.
package beam
