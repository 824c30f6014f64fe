package main

import (
	"math"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/flengine/flengine/engine/beam/internal/object"
)

// TestBucket: shards in a bucket of an S3-compatible server give the bits of those on disk, and
// the results can go there.
func TestBucket(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("runs"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	options := "?endpoint=" + url.QueryEscape(server.URL) + "&use_path_style=true&region=us-east-1"

	dir := t.TempDir()
	shards := album(t, dir)
	var store object.Store
	defer store.Close()
	for _, s := range shards {
		for _, name := range []string{"/logits.npy", "/labels.npy"} {
			key := strings.TrimPrefix(s.path, dir) + name
			if err := store.Write(t.Context(), "s3://runs"+key+options, must(os.ReadFile(s.path+name))); err != nil {
				t.Fatal(err)
			}
		}
	}
	const losses = "focal,ce"
	want := evaluate(t, "--losses", losses, "--top", "4", dir+"/*/*")
	got := evaluate(t, "--losses", losses, "--top", "4", "--span-blocks", "2", "--results", "s3://runs/results"+options, "s3://runs/*/*"+options)
	for k := range want.Losses {
		a, b := got.Losses[k], want.Losses[k]
		if a.Total.Exact != b.Total.Exact || len(a.Results) != len(shards) {
			t.Errorf("%+v, want %+v", a.Total, b.Total)
		}
		for i := range a.Results {
			if a.Results[i].Exact != b.Results[i].Exact || a.Results[i].Key != "s3://runs"+strings.TrimPrefix(b.Results[i].Key, dir) || len(a.Results[i].Top) != 4 {
				t.Errorf("%+v, want %+v", a.Results[i], b.Results[i])
			}
		}
	}

	s := shards[3]
	s.logits[len(s.logits)-1] = float32(math.NaN())
	s.classes[s.rows-1] = -1
	for name, content := range map[string][]byte{"logits": npyFile([]int{s.rows, 16}, s.logits), "labels": npyFile([]int{s.rows}, s.classes)} {
		if err := store.Write(t.Context(), "s3://runs/z/"+name+".npy"+options, content); err != nil {
			t.Fatal(err)
		}
	}
	_, stderr, code := command("s3://runs/*/*"+options, "s3://runs/z"+options)
	if code != 1 || !strings.HasPrefix(stderr, "flbeam: s3://runs/z/logits.npy") || !strings.HasSuffix(stderr, ": [29, 15] is NaN: want a number\n") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if _, stderr, code := command("s3://none/*" + options); code != 1 || !strings.HasPrefix(stderr, "flbeam: s3://none") || !strings.HasSuffix(stderr, ": no such bucket\n") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}
