package main

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"strings"
	"testing"

	fnpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/fnexecution_v1"
	"google.golang.org/grpc"
)

// gone is a runner that ends what workers ask it.
type gone struct {
	fnpb.UnimplementedBeamFnControlServer
	fnpb.UnimplementedBeamFnLoggingServer
	err error
}

func (g *gone) Control(fnpb.BeamFnControl_ControlServer) error { return g.err }
func (g *gone) Logging(fnpb.BeamFnLogging_LoggingServer) error { return nil }

// TestWorkerEnds: a worker whose runner is gone ends.
func TestWorkerEnds(t *testing.T) {
	t.Cleanup(func() { flag.Set("options", "") }) // the flags are the process's
	for _, c := range []struct {
		err  error
		code int
		want string
	}{{nil, 0, ""}, {fmt.Errorf("killed"), 1, "killed"}} {
		listener, err := net.Listen("tcp", "localhost:0")
		if err != nil {
			t.Fatal(err)
		}
		server := grpc.NewServer()
		fnpb.RegisterBeamFnControlServer(server, &gone{err: c.err})
		fnpb.RegisterBeamFnLoggingServer(server, &gone{err: c.err})
		go server.Serve(listener)
		at := listener.Addr().String()
		var stderr bytes.Buffer
		code := work(t.Context(), []string{"--worker=true", "--id=1", "--control_endpoint=" + at, "--logging_endpoint=" + at}, &stderr)
		server.Stop()
		if code != c.code || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("exit code %d, %s", code, stderr.String())
		}
	}
	var stderr bytes.Buffer
	if code := work(t.Context(), []string{"--worker", "--options={"}, &stderr); code != 1 || !strings.Contains(stderr.String(), "pipeline options") {
		t.Errorf("exit code %d, %s", code, stderr.String())
	}
}

// TestWorkerArguments: what a runner starts as a worker is one.
func TestWorkerArguments(t *testing.T) {
	for args, want := range map[string]bool{
		"--worker --id=1": true, "-worker=true": true, "--worker=1": true, "--id 1 --worker": true,
		"--worker=false": false, "worker": false, "--worker_binary x": false, "": false,
	} {
		if got := isWorker(strings.Fields(args)); got != want {
			t.Errorf("%s: %v", args, got)
		}
	}
}
