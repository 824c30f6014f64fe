package hardest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
)

// report is what hardest prints. Its JSON form is documented in the command's help.
type report struct {
	Loss      cli.LossInfo
	Kernel    string
	Workers   int
	Inputs    int
	Scores    int64
	Positives int64
	Ignored   int64
	Warnings  []cli.Remark
	Notes     []cli.Remark

	kinds []kind
	lists []*ranking.Ranking // of the kinds
	// Of a single input: the shape of outputs, and how many scores an element stands for.
	shape   []int
	columns int
}

// formats are what --format takes, and how they print.
var formats = []cli.Format[*report]{
	{Name: "table", Print: (*report).table},
	{Name: "json", Print: (*report).json},
	{Name: "jsonl", Print: (*report).jsonLines},
	{Name: "csv", Print: (*report).csv},
}

// table is the report for people.
func (r *report) table(w io.Writer) error {
	fmt.Fprintf(w, "%v; %s, %d scores, %d positives, %d ignored; kernel %s, %s\n", r.Loss, cli.Count(r.Inputs, "input"),
		r.Scores, r.Positives, r.Ignored, r.Kernel, cli.Count(r.Workers, "worker"))
	for i, k := range r.kinds {
		if r.lists[i].Empty() {
			fmt.Fprintf(w, "\n%s: none\n", k.title)
			continue
		}
		r.lists[i].Table(w, k.title)
	}
	return nil
}

// json prints one object.
func (r *report) json(w io.Writer) error {
	type pair struct {
		key   string
		value any
	}
	fields := []pair{
		{"loss", r.Loss}, {"kernel", r.Kernel}, {"workers", r.Workers}, {"inputs", r.Inputs},
		{"scores", r.Scores}, {"positives", r.Positives}, {"ignored", r.Ignored},
	}
	for i, k := range r.kinds {
		fields = append(fields, pair{k.key, r.lists[i]})
	}
	fields = append(fields, pair{"warnings", r.Warnings}, pair{"notes", r.Notes})
	var object bytes.Buffer
	object.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			object.WriteByte(',')
		}
		value, err := json.Marshal(f.value)
		if err != nil {
			return err
		}
		fmt.Fprintf(&object, "%q:%s", f.key, value)
	}
	object.WriteByte('}')
	return ranking.WriteJSON(w, "  ", json.RawMessage(object.Bytes()), r.lists...)
}

// jsonLines prints a line for each score.
func (r *report) jsonLines(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, list := range r.lists {
		for s := range list.Each() {
			if err := enc.Encode(&s); err != nil {
				return err
			}
		}
	}
	return nil
}

// csv prints a line for each score, after one of heads: the keys of JSON, but that a soft
// target stands for label.
func (r *report) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"path", "row", "column", "logit", "prob", "label", "loss", "class", "box"})
	for _, list := range r.lists {
		for s := range list.Each() {
			line := []string{string(s.Path), strconv.Itoa(s.Row), strconv.Itoa(s.Column), "", "", "", cli.Short(s.Loss), s.Class, ""}
			if s.Logit != nil {
				line[3] = cli.Short(*s.Logit)
			} else {
				line[4] = cli.Short(*s.Prob)
			}
			if s.Target != nil {
				line[5] = cli.Short(*s.Target)
			} else {
				line[5] = strconv.Itoa(int(*s.Label))
			}
			for i, v := range s.Box {
				if i > 0 {
					line[8] += " "
				}
				line[8] += cli.Short(v)
			}
			_ = c.Write(line)
		}
	}
	c.Flush()
	return c.Error()
}
