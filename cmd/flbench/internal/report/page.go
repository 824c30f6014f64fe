package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/engine"
)

//go:embed page.html
var pageText string

// The most of what may be many on a page; a sentence tells of the others.
const (
	maxImages  = 20
	maxClasses = 25
)

// page is what the template is given.
type page struct {
	Loss, Formula, Source string
	Inputs                string
	Kernel                string
	Workers               string
	Facts                 []fact
	Warnings, Notes       []cli.Remark

	Unit          string // what is counted: scores or anchors
	KindsTitle    string
	Kinds         []bar
	Classes       []bar
	MoreClasses   int
	Shares        []shareBar // of cross-entropy and of the loss
	NoShares      string     // why there are none
	Sweep, Shared *table     // per positive, and easy negatives' share
	NoSweep       string
	Images        []imageRow
	MoreImages    int
	Histogram     []bar
	Hardest       []hardList
	Drawn         []drawing
	NotDrawn      string
	Bounds        []boundRow
	Speed         *speed
}

// fact is a line of the head.
type fact struct{ Name, Value string }

// bar is one of a bar chart: its share of the longest, in percent.
type bar struct {
	Name  string
	Value string
	Width float64
}

// shareBar is what a loss is made of, in percent.
type shareBar struct {
	Name                       string
	Sum                        string
	Positives, Negatives, Easy float64
}

// table is a heat map.
type table struct {
	Title, Down, Across string
	Columns             []string
	Rows                []tableRow
}

type tableRow struct {
	Name  string
	Cells []cell
}

// cell has a shade from 0 to 1.
type cell struct {
	Text  string
	Shade float64
	Here  bool // the page's loss
}

// imageRow is a line of the table of images.
type imageRow struct {
	Path                              string
	Scores, Positives                 int64
	Sum, PerPositive, Mean, EasyShare string
}

// hardList is a list of the hardest scores.
type hardList struct {
	Title string
	Rows  []hardRow
}

type hardRow struct {
	Number                              int
	Path, Class, Score, Label, Loss, At string
	Box                                 string
}

// boundRow is a line of the table of errors.
type boundRow struct{ Name, Loss, Gradient string }

// number writes a number for people.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }

// percent is 0 where there is nothing to share, or more than can be told.
func percent(part, whole float64) float64 {
	if whole == 0 || math.IsInf(whole, 0) {
		return 0
	}
	return 100 * part / whole
}

// rounded leaves of a percentage what a page shows.
func rounded(v float64) float64 { return math.Round(1e4*v) / 1e4 }

func percentText(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + " %" }

// count writes a whole number with spaces between thousands.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// page arranges what was collected.
func (c *collection) page() *page {
	total := &c.all[atLoss]
	family := c.loss.Family()
	p := &page{
		Loss: cli.LossInfo{Loss: c.loss}.String(), Formula: family.Formula, Source: family.Source,
		Inputs: cli.Count(len(c.images), "input"), Kernel: c.kernel, Workers: cli.Count(c.workers, "worker"),
		Warnings: c.warnings, Notes: c.notes, Speed: c.speed,
	}
	scored := "scores"
	if c.rows() {
		scored = "anchors"
	}
	p.Unit, p.KindsTitle = scored, strings.ToUpper(scored[:1])+scored[1:]+" by kind"
	p.Facts = []fact{
		{"Sum of the loss", number(total.Sum())}, {"Per positive", number(total.PerPositive())},
		{"Mean of " + scored, number(total.Mean())}, {"Scored " + scored, count(total.Scores)},
		{"Positives", count(total.Positives)}, {"Ignored", count(total.Ignored)},
	}
	if !c.rows() && total.Positives > 0 {
		p.Facts = append(p.Facts, fact{"Negatives per positive", number(float64(total.Scores-total.Positives) / float64(total.Positives))})
	}
	c.addKinds(p)
	c.addClasses(p)
	c.addShares(p)
	c.addSweep(p)
	c.addImages(p)
	c.addHardest(p)
	c.addBounds(p)
	return p
}

// bars returns bars of values, the longest as long as there is room.
func bars(names []string, values []float64, text func(float64) string) (list []bar) {
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	for i, v := range values {
		list = append(list, bar{names[i], text(v), rounded(percent(v, most))})
	}
	return list
}

func (c *collection) addKinds(p *page) {
	total, easy := &c.all[atLoss], &c.easy[atLoss]
	names := []string{"positive", "ignored"}
	values := []float64{float64(total.Positives), float64(total.Ignored)}
	if !c.rows() {
		names = []string{"positive", "easy negative (p_t > 0.9)", "other negative", "ignored"}
		values = []float64{float64(total.Positives), float64(easy.Scores), float64(total.Scores - total.Positives - easy.Scores), float64(total.Ignored)}
	}
	p.Kinds = bars(names, values, func(v float64) string { return count(int64(v)) })
}

func (c *collection) addClasses(p *page) {
	names := slices.SortedFunc(maps.Keys(c.classes), func(a, b string) int {
		x, y := c.classes[a], c.classes[b]
		return cmp.Or(cmp.Compare(y.n, x.n), cmp.Compare(x.column, y.column), cmp.Compare(a, b))
	})
	p.MoreClasses = max(0, len(names)-maxClasses)
	names = names[:len(names)-p.MoreClasses]
	var values []float64
	for _, name := range names {
		values = append(values, float64(c.classes[name].n))
	}
	p.Classes = bars(names, values, func(v float64) string { return count(int64(v)) })
}

func (c *collection) addShares(p *page) {
	if c.rows() {
		p.NoShares = "Under a softmax every anchor has a class, and none is an easy negative."
		return
	}
	if math.IsInf(c.all[atLoss].Sum(), 0) || math.IsInf(c.all[atCE].Sum(), 0) {
		p.NoShares = "A loss is beyond float32, of which nothing is a share: smaller weights would help."
		return
	}
	share := func(name string, all, easy, positives *engine.Result) shareBar {
		sum := all.Sum()
		s := shareBar{Name: name, Sum: number(sum), Positives: rounded(percent(positives.Sum(), sum)), Easy: rounded(percent(easy.Sum(), sum))}
		if sum > 0 {
			s.Negatives = rounded(max(0, 100-s.Positives-s.Easy))
		}
		return s
	}
	if c.ce() && c.loss != engine.CrossEntropy() {
		p.Shares = append(p.Shares, share("cross-entropy", &c.all[atCE], &c.easy[atCE], &c.all[atCEPositives]))
	}
	p.Shares = append(p.Shares, share(p.Loss, &c.all[atLoss], &c.easy[atLoss], &c.all[atPositives]))
}

func (c *collection) addSweep(p *page) {
	g, ok := grids[c.loss.Family().Name]
	if !ok || c.rows() {
		p.NoSweep = "This loss has no parameters to sweep over here; flbench sweep has grids of any."
		return
	}
	symbol := func(name string) string {
		for _, q := range c.loss.Family().Parameters {
			if q.Name == name {
				return q.Symbol
			}
		}
		return ""
	}
	make := func(title string, value func(i int) float64, text func(float64) string, share bool) *table {
		t := &table{Title: title, Down: symbol(g.down.name), Across: symbol(g.across.name)}
		for _, v := range g.across.values {
			t.Columns = append(t.Columns, cli.Short(v))
		}
		least, most := math.Inf(1), 0.0
		for i := numberOfLosses; i < len(c.losses); i++ {
			if v := value(i); !math.IsInf(v, 0) {
				least, most = min(least, v), max(most, v)
			}
		}
		scale := func(v float64) float64 { return v }
		if share {
			least, most = 0, 100
		} else if least > 0 && most/least > 100 {
			scale = math.Log
		}
		for i, d := range g.down.or() {
			row := tableRow{}
			if g.down.name != "" {
				row.Name = cli.Short(d)
			}
			for k := range g.across.values {
				at := numberOfLosses + i*len(g.across.values) + k
				v, shade := value(at), 0.0
				switch {
				case math.IsInf(v, 0):
					shade = 1
				case most > least:
					shade = (scale(v) - scale(least)) / (scale(most) - scale(least))
				}
				row.Cells = append(row.Cells, cell{text(v), math.Round(1000*shade) / 1000, c.losses[at] == c.loss})
			}
			t.Rows = append(t.Rows, row)
		}
		return t
	}
	p.Sweep = make("Loss per positive", func(i int) float64 { return c.all[i].PerPositive() }, number, false)
	p.Shared = make("Easy negatives’ share of the loss", func(i int) float64 { return percent(c.easy[i].Sum(), c.all[i].Sum()) }, percentText, true)
}

func (c *collection) addImages(p *page) {
	order := make([]int, len(c.images))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := c.images[a].all.Sum(), c.images[b].all.Sum()
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	p.MoreImages = max(0, len(order)-maxImages)
	for _, i := range order[:len(order)-p.MoreImages] {
		im := &c.images[i]
		row := imageRow{
			Path: im.path, Scores: im.all.Scores, Positives: im.all.Positives, Sum: number(im.all.Sum()),
			PerPositive: number(im.all.PerPositive()), Mean: number(im.all.Mean()), EasyShare: "–",
		}
		if !c.rows() {
			row.EasyShare = percentText(percent(im.easy.Sum(), im.all.Sum()))
		}
		p.Images = append(p.Images, row)
	}
	if len(c.images) < 3 {
		return
	}
	const bins = 10
	most := c.images[order[0]].all.Sum()
	if !(most > 0) || math.IsInf(most, 0) {
		return
	}
	counts, names := make([]float64, bins), make([]string, bins)
	for i := range names {
		names[i] = number(most*float64(i)/bins) + " – " + number(most*float64(i+1)/bins)
	}
	for i := range c.images {
		counts[min(int(c.images[i].all.Sum()/most*bins), bins-1)]++
	}
	p.Histogram = bars(names, counts, func(v float64) string { return count(int64(v)) })
}

func (c *collection) addHardest(p *page) {
	for _, l := range []struct {
		title string
		list  *ranking.Ranking
	}{{"Hardest positives", c.positives}, {"Hardest negatives", c.negatives}} {
		h := hardList{Title: l.title}
		for r := range l.list.Each() {
			score := r.Logit
			if score == nil {
				score = r.Prob
			}
			row := hardRow{
				Number: len(h.Rows) + 1, Path: string(r.Path), At: fmt.Sprintf("%d, %d", r.Row, r.Column), Class: r.Class,
				Score: cli.Short(*score), Loss: number(float64(r.Loss)),
			}
			if r.Target != nil {
				row.Label = cli.Short(*r.Target)
			} else {
				row.Label = fmt.Sprint(*r.Label)
			}
			var box []string
			for _, v := range r.Box {
				box = append(box, number(float64(v)))
			}
			row.Box = strings.Join(box, " ")
			h.Rows = append(h.Rows, row)
		}
		if len(h.Rows) > 0 {
			p.Hardest = append(p.Hardest, h)
		}
	}
	c.draw(p)
}

func (c *collection) addBounds(p *page) {
	list := engine.Bounds()
	switch {
	case c.rows():
		list = engine.RowBounds()
	case c.Inputs.Probs:
		list = engine.ProbBounds()
	case !slices.ContainsFunc(list, func(b engine.Bound) bool { return b.Loss.Family().Name == c.loss.Family().Name }):
		list = engine.TargetBounds()
	}
	for _, b := range list {
		if b.Loss.Family().Name == c.loss.Family().Name {
			p.Bounds = append(p.Bounds, boundRow{b.Name, number(b.LossULP), number(b.GradientULP)})
		}
	}
}

// dict returns a map of pairs, to give a template several values.
func dict(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

// html returns the page's text.
func (p *page) html() ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"count": count, "percent": percentText, "path": func(s string) string { return cli.Printable(s) },
		"ns":   func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) },
		"dict": dict,
	}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
