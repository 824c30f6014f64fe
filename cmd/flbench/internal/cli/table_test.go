package cli

import "testing"

func TestTable(t *testing.T) {
	plain := NewTable("lr")
	plain.Row("γ", "ns")
	plain.Gap()
	plain.Row("two", "1.25")
	plain.Row("x")

	head := NewTable("rrrl", "scores", "≤0.5", "CE", "Path")
	head.Over(3, "share of")
	head.Row("12", "1%", "100%", "a  b")
	head.Row("1234567", "", "")

	narrow := NewTable("ll", "a", "b")
	narrow.Over(1, "wide title")

	for _, c := range []struct {
		table *Table
		want  string
	}{
		{NewTable("lr"), ""},
		{plain, "γ      ns\n\ntwo  1.25\nx\n"},
		{head, "           share of\n scores  ≤0.5    CE  Path\n     12    1%  100%  a  b\n1234567\n"},
		{narrow, "wide title\na  b\n"},
	} {
		if got := c.table.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestTableWidths: the locale does not change the widths, and a wide character takes two.
func TestTableWidths(t *testing.T) {
	w := NewTable("lr", "×γ·≤", "1")
	w.Row("画像", "2")
	if got, want := w.String(), "×γ·≤  1\n画像  2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
