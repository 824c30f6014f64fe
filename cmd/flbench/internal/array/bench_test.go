package array

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// benchArray returns an array of what logits mostly are, or of small integers.
func benchArray(dtype DType, swapped bool, shape ...int) *Array {
	count := 1
	for _, d := range shape {
		count *= d
	}
	size := dtype.Size()
	data := make([]byte, count*size)
	r := rand.New(rand.NewPCG(1, 2))
	var some [1 << 12]uint64
	for i := range some {
		logit := r.NormFloat64()*2 - 4
		switch dtype {
		case Float16: // 5 bits of exponent about 15, 10 of fraction
			some[i] = math.Float64bits(logit)>>42&0x3ff | uint64(15+math.Ilogb(logit))<<10 | math.Float64bits(logit)>>63<<15
		case BFloat16:
			some[i] = uint64(math.Float32bits(float32(logit)) >> 16)
		case Float32:
			some[i] = uint64(math.Float32bits(float32(logit)))
		case Float64:
			some[i] = math.Float64bits(logit)
		case Bool:
			some[i] = uint64(r.IntN(2))
		default:
			some[i] = uint64(r.IntN(100))
		}
	}
	for i := range count {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], some[r.IntN(len(some))])
		p := word[:size]
		if swapped != bigHost {
			slices.Reverse(p)
		}
		copy(data[i*size:], p)
	}
	return newArray(&memory{}, "x.npy", header{dtype: dtype, swapped: swapped, shape: shape}, data)
}

// benchShards reads all of a view, as eval does, in shards of 64 Ki elements.
func benchShards(b *testing.B, a *Array) {
	const shard = 1 << 16
	var dst []float32
	for b.Loop() {
		for from := 0; from < a.Len(); from += shard {
			var err error
			if dst, err = a.Float32s(dst, from, min(from+shard, a.Len())); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(a.Len()), "ns/score")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkContiguous converts what is in row-major order, and larger than a cache.
func BenchmarkContiguous(b *testing.B) {
	for _, dtype := range []DType{Float16, BFloat16, Float32, Float64} {
		for _, swapped := range []bool{false, true} {
			b.Run(fmt.Sprintf("%v/swapped=%v", dtype, swapped), func(b *testing.B) {
				benchShards(b, benchArray(dtype, swapped, 100_000, 80))
			})
		}
	}
}

// BenchmarkTransposed reads class-major arrays, and two kinds of other views.
func BenchmarkTransposed(b *testing.B) {
	for _, dtype := range []DType{Float16, Float32, Float64} {
		for _, classes := range []int{4, 80, 91, 1024} {
			b.Run(fmt.Sprintf("%v/classes=%d", dtype, classes), func(b *testing.B) {
				benchShards(b, benchArray(dtype, false, 2, classes, 4_000_000/classes).Permute(0, 2, 1))
			})
		}
	}
	b.Run("columns=4:84", func(b *testing.B) { benchShards(b, benchArray(Float32, false, 100_000, 84).Slice(1, 4, 84)) })
	b.Run("column=4", func(b *testing.B) { benchShards(b, benchArray(Float32, false, 100_000, 84).Slice(1, 4, 5)) })
	b.Run("classes first of three", func(b *testing.B) { benchShards(b, benchArray(Float32, false, 80, 25_000, 4).Permute(2, 1, 0)) })
}

// BenchmarkLabels reads labels as int32.
func BenchmarkLabels(b *testing.B) {
	for _, dtype := range []DType{Uint8, Int16, Int64} {
		b.Run(dtype.String(), func(b *testing.B) {
			a := benchArray(dtype, false, 8_000_000)
			var dst []int32
			for b.Loop() {
				for from := 0; from < a.Len(); from += 1 << 16 {
					var bad int
					if dst, bad, _ = a.Int32s(dst, from, min(from+1<<16, a.Len())); bad >= 0 {
						b.Fatal(bad)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(a.Len()), "ns/label")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkOpen opens and closes small files.
func BenchmarkOpen(b *testing.B) {
	for _, size := range []int{1 << 10, 300 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "x.npy")
			if err := os.WriteFile(path, npyOf(make([]float32, size/4)...), 0o666); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				f, err := Open(path)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := f.Array(""); err != nil {
					b.Fatal(err)
				}
				if err := f.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
