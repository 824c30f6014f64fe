package cli

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

// TestFloats: all that a float can be goes through JSON and back.
func TestFloats(t *testing.T) {
	for want, v := range map[string]float64{
		"1.5": 1.5, "0": 0, "1e+30": 1e30, "1e-7": 1e-7, `"Infinity"`: math.Inf(1), `"-Infinity"`: math.Inf(-1), `"NaN"`: math.NaN(),
	} {
		wide, err := json.Marshal(Float(v))
		if err != nil || string(wide) != want {
			t.Errorf("%g is %s, %v, want %s", v, wide, err, want)
		}
		narrow, err := json.Marshal(Float32(v))
		if err != nil || string(narrow) != want {
			t.Errorf("%g as a float32 is %s, %v, want %s", v, narrow, err, want)
		}
		var back Float
		var back32 Float32
		if err := json.Unmarshal(wide, &back); err != nil || float64(back) != v && v == v || (back == back) != (v == v) {
			t.Errorf("%s is %g, %v", wide, back, err)
		}
		if err := json.Unmarshal(narrow, &back32); err != nil || back32 != Float32(v) && v == v || (back32 == back32) != (v == v) {
			t.Errorf("%s is %g, %v", narrow, back32, err)
		}
	}
	var f Float
	if err := json.Unmarshal([]byte(`"infinite"`), &f); err == nil {
		t.Error("a word is taken as a number")
	}
	var narrow Float32
	// Just below the middle of two, which is what it is in float64.
	if err := json.Unmarshal([]byte("1.00000017881393432617187499"), &narrow); err != nil || narrow != 1+0x1p-23 {
		t.Errorf("rounded to %v, %v; want it rounded once", narrow, err)
	}
	if err := json.Unmarshal([]byte("1e39"), &narrow); err == nil {
		t.Errorf("1e39 is %v", narrow)
	}
}

// TestPath: valid names are themselves, and no two names are alike.
func TestPath(t *testing.T) {
	seen := map[string]string{}
	for path, want := range map[string]string{
		"a<b>&c": `"a<b>&c"`, "γ\n\"": `"γ\n\""`, "x\xff": `"x\udcff"`, "x\xfe\"": `"x\udcfe\""`, "\x80γ\xce": `"\udc80γ\udcce"`, "\uFFFD": "\"\uFFFD\"",
	} {
		var b strings.Builder
		if err := writeJSON(&b, Path(path), ""); err != nil {
			t.Fatal(err)
		}
		got := strings.TrimSuffix(b.String(), "\n")
		if got != want || !json.Valid([]byte(got)) || seen[got] != "" {
			t.Errorf("%q is %s, want %s", path, got, want)
		}
		seen[got] = path
		var again Path
		if err := json.Unmarshal([]byte(got), &again); err != nil || string(again) != path {
			t.Errorf("%s is read as %q, %v; want %q", got, again, err, path)
		}
	}
	for text, want := range map[string]string{
		`"\udCFF"`: "\xff", `"\ud83d\udc80"`: "💀", `"\\udc80"`: `\udc80`, `"\ud83d\udc41"`: "👁", `"\ud800\udc80\udc80"`: "\U00010080\x80",
		`"\udc41"`: "\uFFFD", `"\ud83d"`: "\uFFFD", `"\ud83dx\udc80\/"`: "\uFFFDx\x80/", `""`: "",
	} {
		var got Path
		if err := json.Unmarshal([]byte(text), &got); err != nil || string(got) != want {
			t.Errorf("%s is read as %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{`1`, `{}`, `"`, `"a`, `"\"`, `"\udc80`, `"\x"`, `"\u"`} {
		got := Path("as it was")
		if err := got.UnmarshalJSON([]byte(text)); err == nil || got != "as it was" {
			t.Errorf("%s is read as %q", text, got)
		}
	}
}

// FuzzPath: every path comes back, and no text of JSON is a panic.
func FuzzPath(f *testing.F) {
	f.Add("a\xff\U0001f480\xed\xb2\x80", `"\ud83d\udc80"`)
	f.Fuzz(func(t *testing.T, path, text string) {
		b, err := Path(path).MarshalJSON()
		var again Path
		if err := errors.Join(err, json.Unmarshal(b, &again)); err != nil || string(again) != path {
			t.Errorf("%q is %s, read as %q, %v", path, b, again, err)
		}
		_ = again.UnmarshalJSON([]byte(text))
	})
}

func TestWriteJSON(t *testing.T) {
	var b strings.Builder
	if err := WriteJSON(&b, map[string]any{"a": "<", "b": []int{1}}); err != nil {
		t.Fatal(err)
	}
	if want := "{\n  \"a\": \"<\",\n  \"b\": [\n    1\n  ]\n}\n"; b.String() != want {
		t.Errorf("%s, want %s", &b, want)
	}
	if err := WriteJSON(&b, math.NaN()); err == nil {
		t.Error("NaN is written")
	}
}
