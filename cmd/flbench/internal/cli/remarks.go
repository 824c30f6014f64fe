package cli

import (
	"fmt"
	"io"
)

// Remark is a doubt about an input, or a note on what was done to it.
type Remark struct {
	Path Path   `json:"path"`
	Text string `json:"text"`
}

// maxRemarks is how many inputs are named with the same remark.
const maxRemarks = 3

// PrintRemarks prints warnings and notes for people, the same of many inputs only a few times.
func PrintRemarks(w io.Writer, warnings, notes []Remark) {
	for _, kind := range []struct {
		name string
		list []Remark
	}{{"warning", warnings}, {"note", notes}} {
		count := map[string]int{}
		for _, m := range kind.list {
			if count[m.Text]++; count[m.Text] <= maxRemarks {
				fmt.Fprintf(w, "flbench: %s: %s: %s\n", kind.name, Printable(string(m.Path)), oneLine(m.Text))
			}
		}
		for _, m := range kind.list { // in order
			if more := count[m.Text] - maxRemarks; more > 0 {
				fmt.Fprintf(w, "flbench: %s: %s more: %s\n", kind.name, Count(more, "input"), oneLine(m.Text))
				count[m.Text] = 0
			}
		}
	}
}
