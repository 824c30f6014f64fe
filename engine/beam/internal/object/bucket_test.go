package object

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// bucket is a bucket on an S3-compatible server of this machine.
type bucket struct {
	t      *testing.T
	store  Store
	url    string // options of its URLs
	ranges atomic.Int64
	sent   atomic.Int64 // bytes
}

func newBucket(t *testing.T) *bucket {
	backend := s3mem.New()
	if err := backend.CreateBucket("logits"); err != nil {
		t.Fatal(err)
	}
	b := &bucket{t: t}
	handler := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.Header.Get("Range") != "" {
			b.ranges.Add(1)
		}
		handler.ServeHTTP(&counter{w, &b.sent}, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() {
		if err := b.store.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	b.url = "?endpoint=" + url.QueryEscape(server.URL) + "&use_path_style=true&region=us-east-1"
	return b
}

// counter counts the bytes of answers.
type counter struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.sent.Add(int64(len(p)))
	return c.ResponseWriter.Write(p)
}

func (b *bucket) name(key string) string { return "s3://logits/" + key + b.url }

func (b *bucket) put(key string, p []byte) {
	b.t.Helper()
	if err := b.store.Write(b.t.Context(), b.name(key), p); err != nil {
		b.t.Fatal(err)
	}
}

// TestBucketRead: of an object its range alone is sent, and of the version that was looked at.
func TestBucketRead(t *testing.T) {
	b, ctx := newBucket(t), t.Context()
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	b.put("a/logits.npy", content)
	v, err := b.store.Stat(ctx, b.name("a/logits.npy"))
	if err != nil || v.Size != int64(len(content)) || v.Mark == "" {
		t.Fatalf("%+v, %v", v, err)
	}
	b.ranges.Store(0)
	b.sent.Store(0)
	p := make([]byte, 1000)
	if err := b.store.Read(ctx, b.name("a/logits.npy"), v, 12_345, p); err != nil || !bytes.Equal(p, content[12_345:13_345]) {
		t.Fatalf("%.20q, %v", p, err)
	}
	if b.ranges.Load() != 1 || b.sent.Load() != 1000 {
		t.Errorf("%d ranges, %d bytes sent", b.ranges.Load(), b.sent.Load())
	}
	for _, at := range []int64{-1, v.Size - 999, v.Size + 1} {
		if err := b.store.Read(ctx, b.name("a/logits.npy"), v, at, p); err == nil || !strings.Contains(err.Error(), "not in it") {
			t.Errorf("at %d: %v", at, err)
		}
	}
	if err := b.store.Read(ctx, b.name("a/logits.npy"), v, v.Size, nil); err != nil {
		t.Error(err)
	}
	b.put("a/logits.npy", bytes.Repeat([]byte("9123456789"), 100_000)) // of the same size
	if err := b.store.Read(ctx, b.name("a/logits.npy"), v, 0, p); err == nil || !strings.Contains(err.Error(), "changed since the run began") {
		t.Errorf("a changed object: %v", err)
	}
	if _, err := b.store.Stat(ctx, b.name("none")); err == nil || !strings.HasSuffix(err.Error(), ": no such object") || !strings.HasPrefix(err.Error(), "s3://logits/none?") {
		t.Error(err)
	}
	if err := b.store.Read(ctx, b.name("none"), v, 0, p); err == nil || !strings.HasSuffix(err.Error(), ": no such object") {
		t.Error(err)
	}
}

// TestBucketGlob: stars stop at slashes, and more keys than one answer has are all found.
func TestBucketGlob(t *testing.T) {
	b := newBucket(t)
	for i := range 1100 {
		b.put(fmt.Sprintf("run/%04d/logits.npy", i), nil)
	}
	for _, key := range []string{"run/x/y/logits.npy", "run/.hidden/logits.npy", "run/x/logits.npy.bak", "runs/x/logits.npy", "run/a[b]?/logits.npy"} {
		b.put(key, nil)
	}
	var found []Match
	if err := b.store.Glob(t.Context(), b.name("run/*/logits.npy"), func(m Match) error { found = append(found, m); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1101 || found[7].Name != b.name("run/0007/logits.npy") || found[7].Stars[0] != "0007" || found[1100].Stars[0] != "a[b]?" {
		t.Errorf("%d found: %v …", len(found), found[:min(8, len(found))])
	}
	err := b.store.Glob(t.Context(), b.name("none/*"), func(Match) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "stands for no file") {
		t.Error(err)
	}
	for _, m := range found[1100:] { // a key with a mark of a query is one
		if _, err := b.store.Stat(t.Context(), m.Name); err != nil {
			t.Error(err)
		}
	}
}
