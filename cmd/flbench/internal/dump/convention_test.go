package dump

import (
	"encoding/json"
	"testing"
)

// TestConvention: options that mean the same have one convention, and others have others.
func TestConvention(t *testing.T) {
	zero, minusOne := int32(0), int32(-1)
	for _, c := range []struct {
		options []Options // of one meaning
		json    string
		text    string
	}{
		{[]Options{{}, {Columns: ":"}, {Columns: "0:"}, {Logits: "a", Labels: "b"}, {From: "list"},
			{LogitsKey: "logits", LabelsKey: "labels"}, {Rows: "softmax"}}, `{}`, "none of the flags"},
		{[]Options{{Columns: "4:"}, {Columns: " +4 :"}, {Columns: "04:"}}, `{"columns":"4:"}`, "--columns=4:"},
		{[]Options{{Columns: ":-4"}, {Columns: "0:-4"}}, `{"columns":":-4"}`, "--columns=:-4"},
		{[]Options{{Columns: ":0"}}, `{"columns":":0"}`, "--columns=:0"},
		{[]Options{{Ignored: []int32{5, -3, 5}}, {Ignored: []int32{-3, 5}}}, `{"ignored":[-3,5]}`, "--ignored=-3,5"},
		{[]Options{{Background: &zero}}, `{"background":0}`, "--background=0"},
		{[]Options{{Background: &minusOne}}, `{"background":-1}`, "--background=-1"},
		{[]Options{{Layout: "nca", Targets: "soft", Probs: true}}, `{"layout":"nca","targets":"soft","probs":true}`, "--layout=nca --targets=soft --probs"},
		{[]Options{{Weights: "a b\xff", LogitsKey: "x", LabelsKey: "y"}}, `{"weights":"a b\udcff","logits_key":"x","labels_key":"y"}`,
			`--weights="a b\xff" --logits-key=x --labels-key=y`},
		{[]Options{{Weights: `"a b"`}}, `{"weights":"\"a b\""}`, `--weights="\"a b\""`},
	} {
		for _, o := range c.options {
			got, err := o.Convention()
			if err != nil {
				t.Errorf("%+v: %v", o, err)
				continue
			}
			text, err := json.Marshal(got)
			if err != nil || string(text) != c.json || got.String() != c.text {
				t.Errorf("%+v: %s, %s, %v; want %s, %s", o, text, got, err, c.json, c.text)
			}
			var again Convention
			if err := json.Unmarshal(text, &again); err != nil || !again.Equal(got) {
				t.Errorf("%s: read as %v, %v", text, again, err)
			}
		}
	}
	if c, err := (&Options{Layout: "acn"}).Convention(); err == nil {
		t.Errorf("a wrong layout: %v, no error", c)
	}
}
