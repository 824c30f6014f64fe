package dump

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkOpen is what a small image costs before and after its scores are evaluated.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	for name, from := range map[string]string{"logits.npy": "plain.npy", "labels.npy": "labels.npy"} {
		data, err := os.ReadFile(filepath.Join(dumps, from))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o666)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	sources, err := new(Options).Sources([]string{dir})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sources[0].Check(); err != nil {
			b.Fatal(err)
		}
		d, err := sources[0].Open()
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBatch is what converting costs a score, beside evaluating it.
func BenchmarkBatch(b *testing.B) {
	const rows, columns = 8400, 80
	n := rows * columns
	none := make([]int32, rows)
	for i := range none {
		none[i] = -1
	}
	for _, c := range []struct {
		name           string
		scores, labels []byte
		args           []string
	}{
		{"plain", npy(make([]float32, n), rows, columns), npy(none, rows), nil},
		{"float64", npy(make([]float64, n), rows, columns), npy(none, rows), nil},
		{"nca", npy(make([]float32, n), 1, columns, rows), npy(none, rows), []string{"--layout=nca"}},
		{"nca,columns=4:", npy(make([]float32, n+4*rows), 1, columns+4, rows), npy(none, rows), []string{"--layout=nca", "--columns=4:"}},
		{"columns=4:", npy(make([]float32, n+4*rows), rows, columns+4), npy(none, rows), []string{"--columns=4:"}},
		{"one-hot uint8", npy(make([]float32, n), rows, columns), npy(make([]uint8, n), rows, columns), nil},
		{"one-hot bool", npy(make([]float32, n), rows, columns), npy(make([]bool, n), rows, columns), nil},
		{"one-hot int64", npy(make([]float32, n), rows, columns), npy(make([]int64, n), rows, columns), nil},
		{"one-hot float32", npy(make([]float32, n), rows, columns), npy(make([]float32, n), rows, columns), nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := open(b, options(b, c.args...), write(b, map[string][]byte{"logits.npy": c.scores, "labels.npy": c.labels}))
			d.seen.outside.Store(true)
			var s Scratch
			const shard = 1 << 16
			b.SetBytes(4 * int64(n))
			for b.Loop() {
				for from := 0; from < n; from += shard {
					if _, err := d.Batch(from, min(from+shard, n), &s); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/score")
		})
	}
}
