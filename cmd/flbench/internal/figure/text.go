package figure

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/plot/plotter"
)

// Text returns the chart as text of so many columns, and of so many rows for the lines: in
// braille, which has 2 × 4 dots a character. Letters on the lines, which the legend names, tell
// them apart where there are no colours.
func (c *Chart) Text(width, height int, colors bool) string {
	x, y := c.ranges()
	height = max(height, 4)
	ticks := c.ticks(y, height)
	margin := 0
	for _, t := range ticks {
		margin = max(margin, utf8.RuneCountInString(t))
	}
	f := newField(max(width-margin-2, 10), height)
	for i := range c.Lines {
		l := &c.Lines[i]
		for _, points := range c.parts(l) {
			f.draw(i, c.scaled(points, x, y, f), l.Dashed)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", c.Title)
	if c.Y != "" {
		fmt.Fprintf(&b, "%*s%s\n", margin+1, "", c.Y)
	}
	marks := c.marks(f)
	for row := range height {
		line := fmt.Sprintf("%*s ┤", margin, ticks[row])
		if ticks[row] == "" {
			line = fmt.Sprintf("%*s │", margin, "")
		}
		for column := range f.columns {
			line += c.cell(f, marks, column, row, colors)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	fmt.Fprintf(&b, "%*s └%s\n", margin, "", strings.Repeat("─", f.columns))
	b.WriteString(c.xTicks(x, margin+2, f.columns))
	b.WriteString(c.legend(margin+2, colors))
	return b.String()
}

// field is characters, and which line has set which of their dots last.
type field struct {
	columns, rows int
	dots          []byte
	line          []int
	levels        []map[int]float64 // of each line, by column: the row
}

func newField(columns, rows int) *field {
	return &field{columns: columns, rows: rows, dots: make([]byte, columns*rows), line: make([]int, columns*rows)}
}

// scaled returns points in dots from the upper left corner.
func (c *Chart) scaled(points plotter.XYs, x, y Range, f *field) plotter.XYs {
	at := c.parted(points, x, y)
	for i, p := range at {
		at[i] = plotter.XY{X: p.X * float64(2*f.columns-1), Y: (1 - p.Y) * float64(4*f.rows-1)}
	}
	return at
}

// draw sets the dots of a line, which may leave the field.
func (f *field) draw(line int, points plotter.XYs, dashed bool) {
	for len(f.levels) <= line {
		f.levels = append(f.levels, map[int]float64{})
	}
	count := 0
	for i, p := range points {
		from := points[max(i-1, 0)]
		steps := max(math.Abs(p.X-from.X), math.Abs(p.Y-from.Y), 1)
		// What is far outside has dots that nobody sees.
		steps = math.Ceil(min(steps, 1e5))
		for s := 1.; s <= steps; s++ {
			u := math.Round(from.X + (p.X-from.X)*s/steps)
			v := math.Round(from.Y + (p.Y-from.Y)*s/steps)
			if count++; !(u >= 0 && u < float64(2*f.columns) && v >= 0 && v < float64(4*f.rows)) {
				continue
			}
			column, row := int(u)/2, int(v)/4
			f.levels[line][column] = v / 4
			if dashed && count/3%2 == 1 {
				continue
			}
			f.dots[row*f.columns+column] |= brailleDot[int(v)%4][int(u)%2]
			f.line[row*f.columns+column] = line
		}
	}
}

// brailleDot are the bits of dots in Unicode's braille, from U+2800 on.
var brailleDot = [4][2]byte{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

// mark is the letter of a line: lines of a colour have the same, dashed ones in capitals.
func (c *Chart) mark(line int) rune {
	l := &c.Lines[line]
	if l.Dashed {
		return rune('A' + l.Color%26)
	}
	return rune('a' + l.Color%26)
}

// marks returns where lines have their letters: where they are farthest from the others.
func (c *Chart) marks(f *field) map[int]int {
	marks := map[int]int{}
	if len(c.Lines) < 2 {
		return marks
	}
	for i, level := range f.levels {
		best, at := 0., -1
		for column := range f.columns {
			row, ok := level[column]
			if !ok {
				continue
			}
			distance := 4. // enough
			for k, other := range f.levels {
				if r, ok := other[column]; ok && k != i {
					distance = min(distance, math.Abs(r-row))
				}
			}
			place := int(row)*f.columns + column
			if _, taken := marks[place]; !taken && distance > best {
				best, at = distance, place
			}
		}
		if at >= 0 {
			marks[at] = i
		}
	}
	return marks
}

// cell is a character of the field.
func (c *Chart) cell(f *field, marks map[int]int, column, row int, colors bool) string {
	i := row*f.columns + column
	line, marked := marks[i]
	if !marked {
		if f.dots[i] == 0 {
			return " "
		}
		return paint(string(rune(0x2800+int(f.dots[i]))), c.Lines[f.line[i]].Color, colors)
	}
	return paint(string(c.mark(line)), c.Lines[line].Color, colors)
}

// paint gives a text one of Colors; black is left as the terminal has it.
func paint(text string, color int, colors bool) string {
	red, green, blue, _ := Colors[color%len(Colors)].RGBA()
	if !colors || red+green+blue == 0 {
		return text
	}
	return fmt.Sprintf("\x1b[38;2;%d;%d;%dm%s\x1b[0m", red>>8, green>>8, blue>>8, text)
}

// ticks returns what stands beside the rows of the field.
func (c *Chart) ticks(y Range, rows int) []string {
	texts := make([]string, rows)
	field := &field{columns: 1, rows: rows}
	for _, t := range c.yTicks().Ticks(y.From, y.To) {
		at := c.scaled(plotter.XYs{{X: 0, Y: t.Value}}, Range{0, 1}, y, field)[0]
		if row := int(math.Round(at.Y)) / 4; t.Label != "" && at.Y > -0.5 && row < rows && texts[row] == "" {
			texts[row] = t.Label
		}
	}
	return texts
}

// xTicks is the line below the field, and the axis's name.
func (c *Chart) xTicks(x Range, margin, columns int) string {
	ticks := evenTicks{}.Ticks(x.From, x.To)
	line, fits := []rune(nil), false
	for each := 1; !fits; each++ { // as many as there is room for, evenly
		line, fits = []rune(strings.Repeat(" ", margin+columns+8)), true
		free := 0
		for i := 0; i < len(ticks); i += each {
			label := []rune(ticks[i].Label)
			at := margin + int(math.Round((ticks[i].Value-x.From)/(x.To-x.From)*float64(columns-1))) - (len(label)-1)/2
			at = min(at, margin+columns-len(label))
			if at < free {
				fits = i == 0
				break
			}
			copy(line[at:], label)
			free = at + len(label) + 2
		}
	}
	text := strings.TrimRight(string(line), " ") + "\n"
	if c.X != "" {
		text += fmt.Sprintf("%*s%s\n", margin+max(0, (columns-utf8.RuneCountInString(c.X))/2), "", c.X)
	}
	return text
}

// legend names the lines.
func (c *Chart) legend(margin int, colors bool) string {
	var names []string
	listed := map[int]bool{}
	for i, l := range c.Lines {
		if l.Name == "" || listed[l.Color] {
			continue
		}
		listed[l.Color] = true
		if len(c.Lines) > 1 {
			l.Name = string(c.mark(i)) + " " + l.Name
		}
		names = append(names, paint(l.Name, l.Color, colors))
	}
	if names == nil {
		return ""
	}
	return fmt.Sprintf("\n%*s%s\n", margin, "", strings.Join(names, "   "))
}
