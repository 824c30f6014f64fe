package eval

import (
	"fmt"
	"io"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// remark is a doubt about an input, or a note on what was done to it.
type remark struct {
	Path cli.Path `json:"path"`
	Text string   `json:"text"`
}

// maxRemarks is how many inputs are named with the same remark.
const maxRemarks = 3

// remarks prints the warnings and notes for people, the same of many inputs only a few times.
func (r *report) remarks(w io.Writer) {
	for _, kind := range []struct {
		name string
		list []remark
	}{{"warning", r.Warnings}, {"note", r.Notes}} {
		count := map[string]int{}
		for _, m := range kind.list {
			if count[m.Text]++; count[m.Text] <= maxRemarks {
				fmt.Fprintf(w, "flbench: %s: %s: %s\n", kind.name, cli.Printable(string(m.Path)), m.Text)
			}
		}
		for _, m := range kind.list { // in order
			if more := count[m.Text] - maxRemarks; more > 0 {
				fmt.Fprintf(w, "flbench: %s: %s more: %s\n", kind.name, cli.Count(more, "input"), m.Text)
				count[m.Text] = 0
			}
		}
	}
}
