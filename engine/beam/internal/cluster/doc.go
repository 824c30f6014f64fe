// Package cluster has no code: its tests run the recipes of engine/beam/docs, and hold what
// they come to against flbench alone, while tasks are killed, and where a score is NaN.
//
// go test runs the recipes that need a shell only. make cluster runs the others too, with the
// build tag cluster: on Dask, on Spark and on apache-beam's job service, which it
// installs from PyPI in a virtual environment; see run.sh.
package cluster
