package cli

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Table lines up text for people: columns two spaces apart, no lines, no colours.
type Table struct {
	align, head []string
	rows        [][]string
	title       string // over the head
	titleEnd    int    // columns before its end
}

func init() {
	// The width of "×" or "γ" is no matter of the locale, or outputs would differ.
	text.OverrideRuneWidthEastAsianWidth(false)
}

// NewTable returns a table with a letter for each column's alignment, l or r, and with a
// head unless there is none.
func NewTable(align string, head ...string) *Table {
	return &Table{align: strings.Split(align, ""), head: head}
}

// Over sets a title above the head, which ends where the first columns do.
func (t *Table) Over(columns int, title string) { t.title, t.titleEnd = title, columns }

// Row adds a row; cells that are left out at its end are empty.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, cells) }

// Gap adds an empty line.
func (t *Table) Gap() { t.Row("") }

// String returns the lines, without spaces at their ends.
func (t *Table) String() string {
	if len(t.head) == 0 && len(t.rows) == 0 {
		return ""
	}
	lines := strings.TrimRight(t.render(len(t.align)), "\n") + "\n"
	if t.title == "" {
		return lines
	}
	width := text.LongestLineLen(t.render(t.titleEnd))
	return strings.Repeat(" ", max(0, width-text.StringWidth(t.title))) + t.title + "\n" + lines
}

// render renders the first columns.
func (t *Table) render(columns int) string {
	w := table.NewWriter()
	var configs []table.ColumnConfig
	for i, align := range t.align {
		side := text.AlignLeft
		if align == "r" {
			side = text.AlignRight
		}
		configs = append(configs, table.ColumnConfig{Number: i + 1, Align: side, AlignHeader: side, Hidden: i >= columns})
	}
	w.SetColumnConfigs(configs)
	w.SetStyle(table.Style{Box: table.BoxStyle{PaddingRight: "  "}})
	w.SuppressTrailingSpaces()
	if len(t.head) > 0 {
		w.AppendHeader(cells(t.head))
	}
	for _, row := range t.rows {
		w.AppendRow(cells(row))
	}
	return w.Render()
}

func cells(texts []string) (row table.Row) {
	for _, c := range texts {
		row = append(row, c)
	}
	return row
}
