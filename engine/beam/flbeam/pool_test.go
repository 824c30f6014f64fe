package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
)

// TestPool: a job service, which Prism's is, too, has the job done by a pool of workers, and the
// results come by a file.
func TestPool(t *testing.T) {
	dir := t.TempDir()
	album(t, dir)
	want := evaluate(t, dir+"/*/*") // which starts Prism
	endpoint, kind := *jobopts.Endpoint, *jobopts.EnvironmentType
	defer func() {
		*jobopts.Endpoint, *jobopts.EnvironmentType, *jobopts.EnvironmentConfig, *jobopts.WorkerBinary = endpoint, kind, "", ""
	}()

	free, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	var stderr bytes.Buffer
	pool := newPool(&flags{})
	pool.SetArgs([]string{"--port", fmt.Sprint(port)})
	pool.SetErr(&stderr)
	go func() { ended <- pool.ExecuteContext(ctx) }()

	args := []string{"--runner", "universal", "--endpoint", endpoint, "--environment_type", "EXTERNAL", "--environment_config", fmt.Sprintf("localhost:%d", port)}
	got := evaluate(t, append(args, "--results", dir+"/results", dir+"/*/*")...)
	if got.Total.Exact != want.Total.Exact || len(got.Results) != len(want.Results) || got.Runner != "universal" {
		t.Errorf("%+v, want %+v", got, want)
	}
	if self, err := os.Executable(); err != nil || flag.Lookup("worker_binary").Value.String() != self {
		t.Errorf("workers run %s, %v", flag.Lookup("worker_binary").Value, err)
	}
	if _, stderr, code := command(append(args, dir+"/*/*")...); code != 2 {
		t.Errorf("without --results: exit code %d, %s", code, stderr)
	}
	stop()
	if err := <-ended; err != nil || stderr.String() != fmt.Sprintf("flbeam: workers at localhost:%d\n", port) {
		t.Errorf("%v, %q", err, stderr.String())
	}
}
