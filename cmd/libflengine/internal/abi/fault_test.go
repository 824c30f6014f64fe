package abi

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"unsafe"
)

// fixture is a request that is right, of 8 rows of 4 columns, and what it points to.
type fixture struct {
	*Request
	logits  []float32
	labels  []uint8
	classes []int32
	losses  []float32
	grad    []float32
	hess    []float32
	result  *Result
}

func newFixture(loss string) *fixture {
	const rows, columns = 8, 4
	f := &fixture{Request: newRequest(loss, rows, columns), result: newResult()}
	n := rows * columns
	f.logits, f.labels, f.classes = make([]float32, n), make([]uint8, n), make([]int32, rows)
	f.losses, f.grad, f.hess = make([]float32, n), make([]float32, n), make([]float32, n)
	f.Request.Scores, f.LabelsForm, f.LabelsType = unsafe.Pointer(&f.logits[0]), Labels, Uint8
	f.Request.Labels = unsafe.Pointer(&f.labels[0])
	return f
}

// byClass gives the fixture classes of a type in place of labels.
func (f *fixture) byClass(wide []int64) {
	f.LabelsForm, f.LabelsType = Classes, Int32
	f.Request.Labels = unsafe.Pointer(&f.classes[0])
	if wide != nil {
		f.LabelsType = Int64
		f.Request.Labels = unsafe.Pointer(&wide[0])
	}
}

// TestFaults: what is wrong is told by code, field, index and value, and in words.
func TestFaults(t *testing.T) {
	wideClasses := []int64{0, 1, 2, 3, -1, -2, 0, 1 << 40}
	wideLabels := make([]int64, 32)
	wideLabels[30] = -7
	doubles := make([]float64, 32)
	doubles[31] = math.Inf(1)
	targets := make([]float64, 32)
	targets[9] = 1.5
	halves := make([]uint16, 32)
	halves[5] = 0x7E00
	nan := float32(math.NaN())
	noEnd := []byte(strings.Repeat("x", maxText+10))
	outOfRange := []int32{9}
	ones := []float32{1, 1, 1, -1}
	for _, c := range []struct {
		name  string
		set   func(f *fixture)
		code  int32
		field string
		index int64
		value float64
		words string
	}{
		{"no loss", func(f *fixture) { f.Loss = nil }, ArgumentFault, "loss", -1, 0, "is NULL"},
		{"an unknown loss", func(f *fixture) { f.Loss = cstring("hinge") }, ArgumentFault, "loss", -1, 0, `"hinge" is unknown: want one of ce, `},
		{"a parameter out of range", func(f *fixture) { f.Loss = cstring("focal(gamma=-1)") }, ArgumentFault, "gamma", -1, -1, "want a finite number"},
		{"a loss without end", func(f *fixture) { f.Loss = &noEnd[0] }, ArgumentFault, "loss", -1, maxText, "no NUL"},
		{"an unknown kernel", func(f *fixture) { f.Kernel = cstring("mmx") }, ArgumentFault, "kernel", -1, 0, `unknown kernel "mmx"`},
		{"workers", func(f *fixture) { f.Workers = -1 }, ArgumentFault, "workers", -1, -1, "want at least 1, or 0"},
		{"the size of a request", func(f *fixture) { f.Size -= 8 }, ArgumentFault, "request", -1, float64(unsafe.Sizeof(Request{}) - 8), fmt.Sprintf("want %d", unsafe.Sizeof(Request{}))},
		{"the size of a result", func(f *fixture) { f.result.Size = 0 }, ArgumentFault, "result", -1, 0, "has size 0"},
		{"rows", func(f *fixture) { f.Rows = -8 }, ArgumentFault, "rows", -1, -8, "is -8"},
		{"columns", func(f *fixture) { f.Columns = math.MinInt64 }, ArgumentFault, "columns", -1, math.MinInt64, "want how many"},
		{"rows times columns", func(f *fixture) { f.Rows, f.Columns = 1<<32, 1<<32 }, ArgumentFault, "rows", -1, 1 << 32, ""},
		{"scores", func(f *fixture) { f.Request.Scores = nil }, ArgumentFault, "scores", -1, 0, "is NULL: want a pointer to 128 bytes"},
		{"scores that are not aligned", func(f *fixture) { f.Request.Scores = unsafe.Add(f.Request.Scores, 1) }, ArgumentFault, "scores", -1, -1, "want a multiple of 4"},
		{"the type of scores", func(f *fixture) { f.ScoresType = Uint8 }, ArgumentFault, "scores_type", -1, Uint8, "is FL_UINT8: want a float"},
		{"no type of scores", func(f *fixture) { f.ScoresType = 77 }, ArgumentFault, "scores_type", -1, 77, "no type"},
		{"the form of scores", func(f *fixture) { f.ScoresForm = 2 }, ArgumentFault, "scores_form", -1, 2, "FL_LOGITS"},
		{"labels", func(f *fixture) { f.Request.Labels = nil }, ArgumentFault, "labels", -1, 0, "is NULL: want a pointer to 32 bytes"},
		{"the form of labels", func(f *fixture) { f.LabelsForm = 0 }, ArgumentFault, "labels_form", -1, 0, "FL_CLASSES"},
		{"the type of labels", func(f *fixture) { f.LabelsType = Float32 }, ArgumentFault, "labels_type", -1, 0, "is FL_FLOAT32: want FL_UINT8"},
		{"the type of targets", func(f *fixture) { f.LabelsForm = Targets }, ArgumentFault, "labels_type", -1, Uint8, "want a float"},
		{"strides that have no room", func(f *fixture) { f.ScoresStrides = &[2]int64{math.MaxInt64, 1} }, ArgumentFault, "scores_strides", -1, math.MaxInt64, ""},
		{"strides that have no room backwards", func(f *fixture) { f.ScoresStrides = &[2]int64{math.MinInt64, 1} }, ArgumentFault, "scores_strides", -1, math.MinInt64, ""},
		{"strides to before the first address", func(f *fixture) { f.ScoresStrides = &[2]int64{-maxScores / 8, 1} }, ArgumentFault, "scores_strides", -1, -7 * 4 * (maxScores / 8), "no room there"},
		{"ignored", func(f *fixture) { f.IgnoredCount = 1 }, ArgumentFault, "ignored", -1, 0, "is NULL"},
		{"ignored_count", func(f *fixture) { f.IgnoredCount = -1 }, ArgumentFault, "ignored_count", -1, -1, ""},
		{"ignored of none", func(f *fixture) { f.Ignored = &outOfRange[0] }, ArgumentFault, "ignored_count", -1, 0, ""},
		{"ignored that is background", func(f *fixture) { f.Ignored, f.IgnoredCount, f.Background = &outOfRange[0], 1, &outOfRange[0] }, InputFault, "ignored", 0, 9, "which background sets"},
		{"the type of losses", func(f *fixture) { f.LossesType = Int32; f.Losses = unsafe.Pointer(&f.losses[0]) }, ArgumentFault, "losses_type", -1, Int32, "want a float"},
		{"hessians alone", func(f *fixture) { f.Hessians = unsafe.Pointer(&f.hess[0]) }, ArgumentFault, "hessians", -1, 0, "want both"},
		{"hessians and losses", func(f *fixture) {
			f.Hessians, f.Gradients, f.Losses = unsafe.Pointer(&f.hess[0]), unsafe.Pointer(&f.grad[0]), unsafe.Pointer(&f.losses[0])
		}, ArgumentFault, "hessians", -1, 0, "a call of their own"},
		{"upstream without gradients", func(f *fixture) { f.Upstream, f.UpstreamCount = unsafe.Pointer(&nan), 1 }, ArgumentFault, "upstream", -1, 0, "want gradients"},
		{"upstream of another length", func(f *fixture) {
			f.Upstream, f.UpstreamCount, f.Gradients = unsafe.Pointer(&nan), 2, unsafe.Pointer(&f.grad[0])
		}, ArgumentFault, "upstream_count", -1, 2, "want 1, or the number of losses, 32"},
		{"upstream's type", func(f *fixture) {
			f.Upstream, f.UpstreamCount, f.UpstreamType, f.Gradients = unsafe.Pointer(&nan), 1, Uint8, unsafe.Pointer(&f.grad[0])
		}, ArgumentFault, "upstream_type", -1, Uint8, "want a float"},
		{"no upstream, but its count", func(f *fixture) { f.UpstreamCount = 2 }, ArgumentFault, "upstream", -1, 0, "is NULL"},
		{"the weights of columns", func(f *fixture) { f.ColumnWeights = &ones[0] }, InputFault, "column_weights", 3, -1, "column_weights[3] is -1: want a finite weight"},
		{"the weights of classes", func(f *fixture) { f.ClassWeights = &ones[0] }, InputFault, "class_weights", 3, -1, "want a finite weight"},
		{"a weight", func(f *fixture) { f.Weights = &make([]float32, 8)[0]; *f.Weights = nan }, InputFault, "weights", 0, math.NaN(), "weights[0] is NaN"},
		{"a weight of a score", func(f *fixture) { f.ScoreWeights = &f.grad[0]; f.grad[31] = -1 }, InputFault, "score_weights", 31, -1, "want a finite weight"},

		{"a logit that is NaN, the last", func(f *fixture) { f.logits[31] = nan }, InputFault, "scores", 31, math.NaN(), "scores[31] is NaN: want a number"},
		{"an infinite logit", func(f *fixture) { f.logits[7] = float32(math.Inf(1)) }, InputFault, "scores", 7, math.Inf(1), "for background"},
		{"a float16", func(f *fixture) { f.Request.Scores, f.ScoresType = unsafe.Pointer(&halves[0]), Float16 }, InputFault, "scores", 5, math.NaN(), "want a number"},
		{"a float16 with strides", func(f *fixture) {
			f.Request.Scores, f.ScoresType = unsafe.Pointer(&halves[0]), Float16
			f.ScoresStrides = &[2]int64{1, 8}
		}, InputFault, "scores", 5*4 + 0, math.NaN(), "want a number"},
		{"a float64", func(f *fixture) { f.Request.Scores, f.ScoresType = unsafe.Pointer(&doubles[0]), Float64 }, InputFault, "scores", 31, math.Inf(1), "for background"},
		{"a probability", func(f *fixture) { f.ScoresForm = Probabilities; f.logits[3] = 1.5 }, InputFault, "scores", 3, 1.5, "want a probability"},
		{"a label", func(f *fixture) { f.labels[11] = 3 }, InputFault, "labels", 11, 3, "want 0, 1, or 255"},
		{"a label of 64 bits", func(f *fixture) { f.Request.Labels, f.LabelsType = unsafe.Pointer(&wideLabels[0]), Int64 }, InputFault, "labels", 30, -7, "labels[30] is -7: want 0, 1, or 255"},
		{"a class", func(f *fixture) { f.byClass(nil); f.classes[7] = 4 }, InputFault, "labels", 7, 4, "want a class in [0, 4)"},
		{"a class of 64 bits", func(f *fixture) { f.byClass(wideClasses) }, InputFault, "labels", 7, 1 << 40, "labels[7] is 1.0995116e+12: want a class in [0, 4)"},
		{"a target of 64 bits", func(f *fixture) {
			f.Request.Labels, f.LabelsForm, f.LabelsType = unsafe.Pointer(&targets[0]), Targets, Float64
		}, InputFault, "labels", 9, 1.5, "labels[9] is 1.5"},
		{"a class under softmax", func(f *fixture) { f.Loss = cstring("softmaxce"); f.byClass(nil); f.classes[2] = -1 }, InputFault, "labels", 2, -1, "want"},
		{"hessians under softmax", func(f *fixture) {
			f.Loss = cstring("softmaxce")
			f.byClass(nil)
			f.Gradients, f.Hessians = unsafe.Pointer(&f.grad[0]), unsafe.Pointer(&f.hess[0])
		}, ArgumentFault, "hessians", -1, 32, "want gradients alone"},
		{"labels under softmax", func(f *fixture) { f.Loss = cstring("softmaxce") }, ArgumentFault, "labels", -1, 32, "FL_CLASSES"},
		{"no columns under softmax", func(f *fixture) { f.Loss = cstring("softmaxce"); f.byClass(nil); f.Columns = 0 }, ArgumentFault, "columns", -1, 0, "at least one"},
	} {
		f := newFixture("focal")
		c.set(f)
		bad := newError()
		code := Evaluate(f.Request, f.result, bad)
		if code != c.code || bad.Code != c.code {
			t.Errorf("%s: code %d, and %d in the error, want %d: %s", c.name, code, bad.Code, c.code, bad.message())
			continue
		}
		same := bad.Value == c.value || bad.Value != bad.Value && c.value != c.value || c.value == -1 && strings.Contains(c.words, "multiple")
		if got := gostring(bad.Field[:]); got != c.field || bad.Index != c.index || !same {
			t.Errorf("%s: %s at %d has %v, want %s at %d with %v: %s", c.name, got, bad.Index, bad.Value, c.field, c.index, c.value, bad.message())
		}
		if !strings.Contains(bad.message(), c.words) {
			t.Errorf("%s: %q has no %q", c.name, bad.message(), c.words)
		}
		for _, word := range []string{"Logits", "Classes", "Labels", "NumClasses", "With"} {
			if strings.Contains(bad.message(), word) {
				t.Errorf("%s: %q speaks of Go's %s", c.name, bad.message(), word)
			}
		}
	}
	bad := newError()
	if Evaluate(nil, nil, bad) != ArgumentFault || gostring(bad.Field[:]) != "request" {
		t.Errorf("no request gave %q", bad.message())
	}
}

// TestFaultsOfOthers are those of the functions beside Evaluate.
func TestFaultsOfOthers(t *testing.T) {
	var found int64
	hard := make([]Hard, 4)
	list := []*byte{cstring("focal"), cstring("ce")}
	results := []Result{*newResult(), *newResult()}
	hardest := func(k int64, among int32, least float32, hard *Hard, found *int64) func(f *fixture, e *Error) int32 {
		return func(f *fixture, e *Error) int32 { return Hardest(f.Request, k, among, least, hard, found, nil, e) }
	}
	for _, c := range []struct {
		name, field string
		call        func(f *fixture, e *Error) int32
	}{
		{"k", "k", hardest(-1, 0, 0, &hard[0], &found)},
		{"a large k", "k", hardest(math.MaxInt64, 0, 0, &hard[0], &found)},
		{"among", "among", hardest(4, 3, 0, &hard[0], &found)},
		{"least", "least", hardest(4, 0, float32(math.NaN()), &hard[0], &found)},
		{"found", "found", hardest(4, 0, 0, &hard[0], nil)},
		{"hard", "hard", hardest(4, 0, 0, nil, &found)},
		{"outputs of hardest", "gradients", func(f *fixture, e *Error) int32 {
			f.Gradients = unsafe.Pointer(&f.grad[0])
			return Hardest(f.Request, 4, 0, 0, &hard[0], &found, nil, e)
		}},
		{"a loss of a sweep", "loss", func(f *fixture, e *Error) int32 { return Sweep(f.Request, &list[0], 2, &results[0], e) }},
		{"no losses", "count", func(f *fixture, e *Error) int32 { f.Loss = nil; return Sweep(f.Request, &list[0], 0, &results[0], e) }},
		{"losses", "losses", func(f *fixture, e *Error) int32 { f.Loss = nil; return Sweep(f.Request, nil, 2, &results[0], e) }},
		{"many losses", "count", func(f *fixture, e *Error) int32 {
			f.Loss = nil
			return Sweep(f.Request, &list[0], math.MaxInt64, &results[0], e)
		}},
		{"results", "results", func(f *fixture, e *Error) int32 { f.Loss = nil; return Sweep(f.Request, &list[0], 2, nil, e) }},
		{"the kernel of a sweep", "kernel", func(f *fixture, e *Error) int32 {
			f.Loss, f.Kernel = nil, cstring("mmx")
			return Sweep(f.Request, &list[0], 2, &results[0], e)
		}},
		{"one without a loss", "losses", func(f *fixture, e *Error) int32 {
			f.Loss = nil
			list := []*byte{cstring("ce"), nil}
			return Sweep(f.Request, &list[0], 2, &results[0], e)
		}},
		{"outputs of a sweep", "losses", func(f *fixture, e *Error) int32 {
			f.Loss, f.Losses = nil, unsafe.Pointer(&f.losses[0])
			return Sweep(f.Request, &list[0], 2, &results[0], e)
		}},
		{"softmax in a sweep", "losses", func(f *fixture, e *Error) int32 {
			f.Loss = nil
			f.byClass(nil)
			list := []*byte{cstring("ce"), cstring("softmaxce")}
			return Sweep(f.Request, &list[0], 2, &results[0], e)
		}},
	} {
		bad := newError()
		if code := c.call(newFixture("focal"), bad); code != ArgumentFault || gostring(bad.Field[:]) != c.field {
			t.Errorf("%s: code %d, field %q, want %q: %s", c.name, code, gostring(bad.Field[:]), c.field, bad.message())
		}
	}
	f := newFixture("focal")
	if code := Hardest(f.Request, 0, 0, 0, nil, &found, nil, nil); code != OK || found != 0 {
		t.Errorf("the hardest 0 gave %d, found %d", code, found)
	}
}

// TestOverlaps: outputs share no memory with anything but, exactly, the scores.
func TestOverlaps(t *testing.T) {
	memory := make([]float64, 200)
	base := unsafe.Pointer(&memory[0])
	at := func(bytes int) unsafe.Pointer { return unsafe.Add(base, bytes) }
	for _, pieces := range []bool{false, true} {
		for _, c := range []struct {
			name, field string
			set         func(f *fixture)
		}{
			{"gradients behind the first scores", "gradients", func(f *fixture) { f.Request.Scores, f.Gradients = at(0), at(8) }},
			{"losses before the last scores", "losses", func(f *fixture) { f.Request.Scores, f.Losses = at(124), at(0) }},
			{"losses on weights", "losses", func(f *fixture) { f.Weights, f.Losses = (*float32)(at(0)), at(28) }},
			{"losses on weights of scores", "losses", func(f *fixture) { f.ScoreWeights, f.Losses = (*float32)(at(0)), at(0) }},
			{"losses on labels", "losses", func(f *fixture) { f.Request.Labels, f.Losses = at(12), at(40) }},
			{"gradients on losses", "gradients", func(f *fixture) { f.Losses, f.Gradients = at(0), at(0) }},
			{"hessians on gradients", "hessians", func(f *fixture) { f.Gradients, f.Hessians = at(0), at(4) }},
			{"losses and gradients on scores", "gradients", func(f *fixture) { f.Request.Scores, f.Losses, f.Gradients = at(0), at(0), at(0) }},
			{"losses of softmax on scores", "losses", func(f *fixture) {
				f.Loss = cstring("softmaxce")
				f.byClass(nil)
				f.Request.Scores, f.Losses = at(0), at(0)
			}},
			{"gradients on scores of another size", "gradients", func(f *fixture) {
				f.Request.Scores, f.Gradients, f.GradientsType = at(0), at(0), BFloat16
			}},
			{"gradients on scores with strides", "gradients", func(f *fixture) {
				f.Request.Scores, f.Gradients, f.ScoresStrides = at(0), at(0), &[2]int64{1, 8}
			}},
		} {
			f := newFixture("focal")
			c.set(f)
			if pieces {
				wide := make([]int64, 32)
				f.Request.Labels, f.LabelsType = unsafe.Pointer(&wide[0]), Int64
				if c.name == "losses on labels" {
					f.Request.Labels = at(16)
				}
			}
			bad := newError()
			if code := Evaluate(f.Request, nil, bad); code != ArgumentFault || gostring(bad.Field[:]) != c.field || !strings.Contains(bad.message(), "overlap") {
				t.Errorf("%s, in pieces %v: code %d, %q", c.name, pieces, code, bad.message())
			}
		}
	}
}

// TestEmpty: arrays of no elements may be nil, whatever else is there.
func TestEmpty(t *testing.T) {
	for _, loss := range []string{"focal", "softmaxce"} {
		for _, shape := range [][2]int{{0, 0}, {0, 5}, {5, 0}, {0, 1}} {
			for kind := int32(Float32); kind <= Float64; kind++ {
				for form := int32(Labels); form <= Targets; form++ {
					if loss == "softmaxce" && (form != Classes || shape[0] != 0) {
						continue
					}
					r := newRequest(loss, shape[0], shape[1])
					r.ScoresType, r.LabelsForm, r.LabelsType = kind, form, Int64
					if form == Targets {
						r.LabelsType = Float64
					}
					result, bad := newResult(), newError()
					result.Scores = 7
					if code := Evaluate(r, result, bad); code != OK || result.Scores != 0 || result.Sum != 0 {
						t.Errorf("%s of %v, %s: code %d, %s", loss, shape, names[kind], code, bad.message())
					}
				}
			}
		}
	}
}

// TestLongerStructures: what a newer header has and does not use is taken.
func TestLongerStructures(t *testing.T) {
	type newer struct {
		Request
		more [3]int64
	}
	f := newFixture("focal")
	r := newer{Request: *f.Request}
	r.Size = uint64(unsafe.Sizeof(r))
	if bad := newError(); Evaluate(&r.Request, nil, bad) != OK {
		t.Error(bad.message())
	}
	r.more[2] = 1
	if bad := newError(); Evaluate(&r.Request, nil, bad) != ArgumentFault || !strings.Contains(bad.message(), "want a newer library") {
		t.Error(bad.message())
	}
	r.Size = math.MaxUint64
	if bad := newError(); Evaluate(&r.Request, nil, bad) != ArgumentFault {
		t.Error(bad.message())
	}
	type newerResult struct {
		Result
		more int64
	}
	list := []*byte{cstring("focal"), cstring("ce")}
	results := make([]newerResult, 2)
	for i := range results {
		results[i].Size = uint64(unsafe.Sizeof(results[0]))
	}
	f.Loss = nil
	if bad := newError(); Sweep(f.Request, &list[0], 2, &results[0].Result, bad) != OK || results[1].Scores != 32 {
		t.Errorf("%+v: %s", results[1], bad.message())
	}
}

// TestEnginesAreFew: what is kept does not grow with what callers think of.
func TestEnginesAreFew(t *testing.T) {
	for i := range 3 * maxEngines {
		f := newFixture(fmt.Sprintf("focal(gamma=%d)", i%50))
		background := int32(-1 - i)
		if i > 50 {
			ignored := []int32{int32(-5000 - i)}
			f.Background, f.Ignored, f.IgnoredCount = &background, &ignored[0], 1
		}
		if bad := newError(); Evaluate(f.Request, nil, bad) != OK {
			t.Fatal(bad.message())
		}
	}
	engines.RLock()
	defer engines.RUnlock()
	if n := len(engines.kept); n > maxEngines {
		t.Errorf("%d engines are kept", n)
	}
}

// TestSettingsAreTold: requests that differ in one setting get different engines.
func TestSettingsAreTold(t *testing.T) {
	seven, eight := int32(7), int32(8)
	all := []settings{
		{}, {loss: "a"}, {kernel: "a"}, {each: 1}, {each: 97}, {background: &seven}, {background: &eight}, {ignored: []int32{7}}, {ignored: []int32{7, 8}},
		{classWeights: []float32{1}}, {columnWeights: []float32{1}}, {classWeights: []float32{1, 1}}, {loss: "aa"}, {loss: "a", kernel: "a"},
		{classWeights: []float32{1}, columnWeights: []float32{1}},
	}
	seen := map[string]int{}
	for i := range all {
		key := string(all[i].key(nil))
		if j, ok := seen[key]; ok {
			t.Errorf("settings %d and %d have one key", i, j)
		}
		seen[key] = i
	}
}

// TestFirstFault: of several pieces with something wrong it is the first that is told, by the
// index in the whole, whichever worker is faster.
func TestFirstFault(t *testing.T) {
	const rows, columns = 60_000, 4
	const n = rows * columns
	scores, labels, classes, weights := make([]float64, n), make([]int64, n), make([]int64, rows), make([]float32, rows)
	for i := range weights {
		weights[i] = 1
	}
	nan := math.NaN()
	for _, c := range []struct {
		name  string
		loss  string
		set   func(bad bool)
		field string
		index int64
	}{
		{"scores", "focal", func(bad bool) {
			for _, at := range []int{n / 3, n/3 + 20_000, n - 1} {
				scores[at] = map[bool]float64{true: nan}[bad]
			}
		}, "scores", n / 3},
		{"scores of rows", "softmaxce", func(bad bool) {
			for _, at := range []int{n/2 + 3, n/2 + 40_000} {
				scores[at] = map[bool]float64{true: nan}[bad]
			}
		}, "scores", n/2 + 3},
		{"labels", "ce", func(bad bool) {
			for _, at := range []int{70_001, 140_000, n - 2} {
				labels[at] = map[bool]int64{true: 1 << 33}[bad]
			}
		}, "labels", 70_001},
		{"classes", "softmaxce", func(bad bool) {
			for _, at := range []int{rows - 1, 12_345} {
				classes[at] = map[bool]int64{true: 1 << 33}[bad]
			}
		}, "labels", 12_345},
		{"weights", "ce", func(bad bool) {
			for _, at := range []int{rows - 1, 23_456} {
				weights[at] = map[bool]float32{true: -1, false: 1}[bad]
			}
		}, "weights", 23_456},
	} {
		c.set(true)
		for workers := int32(1); workers <= 4; workers++ {
			for range 5 {
				r := newRequest(c.loss, rows, columns)
				r.Workers = workers
				r.Scores, r.ScoresType = unsafe.Pointer(&scores[0]), Float64
				r.Labels, r.LabelsForm, r.LabelsType = unsafe.Pointer(&labels[0]), Labels, Int64
				r.Weights = &weights[0]
				if c.loss == "softmaxce" {
					r.Labels, r.LabelsForm = unsafe.Pointer(&classes[0]), Classes
				}
				bad := newError()
				if code := Evaluate(r, nil, bad); code != InputFault || gostring(bad.Field[:]) != c.field || bad.Index != c.index {
					t.Fatalf("%s, %d workers: code %d, %s, want %s[%d]", c.name, workers, code, bad.message(), c.field, c.index)
				}
			}
		}
		c.set(false)
	}
}
