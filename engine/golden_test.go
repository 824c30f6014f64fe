package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"hash"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the pinned hash of the outputs anew")

// TestTorchvision compares with PyTorch's and torchvision's float64 values,
// which are themselves good to 6e-8 (they lose digits on easy negatives).
func TestTorchvision(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "testdata", "torchvision.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Logits []float32
		Cases  []struct {
			Source            string
			Alpha, Gamma      float32
			Label             uint8
			Losses, Gradients []float64
		}
	}
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) == 0 || len(golden.Logits) == 0 {
		t.Fatal("no golden values")
	}
	n := len(golden.Logits)
	for _, c := range golden.Cases {
		l := Focal(c.Alpha, c.Gamma)
		if c.Alpha < 0 {
			l = l.Weighted(1, 1)
		}
		labels := bytes.Repeat([]byte{c.Label}, n)
		for _, name := range Kernels() {
			dst, grad := make([]float32, n), make([]float32, n)
			must(must(New(l, WithKernel(name))).LossesAndGradients(dst, grad, Batch{Logits: golden.Logits, Labels: labels}))
			for i, x := range golden.Logits {
				if want := c.Losses[i]; math.Abs(float64(dst[i])-want) > 1e-6*want+0x1p-126 {
					t.Errorf("%s, %s, %v, label %d, logit %g: loss %g, want %g", name, c.Source, l, c.Label, x, dst[i], want)
				}
				if want := c.Gradients[i]; math.Abs(float64(grad[i])-want) > 1e-6*math.Abs(want)+0x1p-126 {
					t.Errorf("%s, %s, %v, label %d, logit %g: gradient %g, want %g", name, c.Source, l, c.Label, x, grad[i], want)
				}
			}
		}
	}
}

// pinnedBatch is a fixed batch made with integer arithmetic alone, so that it is
// the same everywhere: logits of all sizes, all labels, weights.
func pinnedBatch() Batch {
	const n = 3*4096 + 77
	rng := rand.NewPCG(2017, 1708_02002)
	b := Batch{Logits: make([]float32, n), Labels: make([]uint8, n), Weights: make([]float32, n)}
	for i := range b.Logits {
		r := rng.Uint64()
		b.Labels[i] = []uint8{0, 0, 1, 255}[r&3]
		b.Weights[i] = float32(r>>2&0xff) / 64
		switch r >> 10 & 3 {
		case 0: // any finite bits
			b.Logits[i] = math.Float32frombits(uint32(r>>32) &^ (1 << 23))
		case 1: // [−128, 128)
			b.Logits[i] = float32(int32(r>>32)) * 0x1p-24
		default: // [−16, 16)
			b.Logits[i] = float32(int32(r>>32)) * 0x1p-27
		}
	}
	return b
}

// pinnedProbs are the same for probabilities.
func pinnedProbs() Batch {
	b := pinnedBatch()
	rng := rand.NewPCG(2017, 2020)
	b.Logits, b.Probs = nil, make([]float32, len(b.Labels))
	for i := range b.Probs {
		r := rng.Uint64()
		switch r & 3 {
		case 0: // any bits up to those of one
			b.Probs[i] = math.Float32frombits(uint32(r >> 32 % 0x3f800001))
		case 1: // near one
			b.Probs[i] = 1 - float32(r>>32&0xffff)*0x1p-24
		default: // [0, 1)
			b.Probs[i] = float32(r>>40) * 0x1p-24
		}
	}
	return b
}

func hashFloats(h hash.Hash, v []float32) {
	var b [4]byte
	for _, v := range v {
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
		h.Write(b[:])
	}
}

// TestPinnedHash: the bits of all outputs over a fixed input set and the real
// logits are those of every machine and every version before.
func TestPinnedHash(t *testing.T) {
	batches := []Batch{pinnedBatch()}
	for _, p := range photos {
		batches = append(batches, p.load(t).batch())
	}
	pinned(t, "outputs.sha256", batches, sampled())
}

// TestPinnedShortHash does so for a part that an emulator has done in seconds: of each
// photo, some rows around the first that is not background.
func TestPinnedShortHash(t *testing.T) {
	batches := []Batch{pinnedBatch()}
	for _, p := range photos {
		batches = append(batches, p.load(t).part().batch())
	}
	pinned(t, "outputs-short.sha256", batches, Kernels())
}

// TestPinnedProbsHash does so for probabilities.
func TestPinnedProbsHash(t *testing.T) {
	pinned(t, "outputs-probs.sha256", []Batch{pinnedProbs()}, Kernels())
}

// pinned compares the hash of all outputs, of each kernel, with the file's.
func pinned(t *testing.T, file string, batches []Batch, kernels []string) {
	file = filepath.Join("..", "testdata", file)
	for _, name := range kernels {
		t.Run(name, func(t *testing.T) {
			h := sha256.New()
			for _, gamma := range []float32{0, 0.5, 1, 1.5, 2, 3, 5} {
				e := must(New(Focal(0.25, gamma), WithKernel(name)))
				for _, b := range batches {
					x, _, _ := b.scores()
					dst, grad := make([]float32, len(x)), make([]float32, len(x))
					r := must(e.LossesAndGradients(dst, grad, b))
					hashFloats(h, dst)
					hashFloats(h, grad)
					h.Write(hashed(r))
				}
			}
			got := hex.EncodeToString(h.Sum(nil))
			if *update {
				if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != strings.TrimSpace(string(want)) {
				t.Errorf("outputs hash to %s, pinned is %s", got, want)
			}
		})
	}
}

// hashed is what the pinned hashes take of a result: the binary form of when they were made,
// without the sum of weights.
func hashed(r Result) []byte {
	b := []byte{1}
	for _, n := range [...]int64{r.Scores, r.Positives, r.Ignored} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return must(r.LossSum.AppendBinary(b))
}
