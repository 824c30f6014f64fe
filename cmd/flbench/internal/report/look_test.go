package report

import (
	_ "embed"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

//go:embed look.js
var lookText string

// look is what a reader sees of a page.
type look struct {
	Figures, Faults []string
	Ground          float64 // its luminance
}

// look opens a page and looks at it.
func (b *browser) look(file string, width int, scheme string) (l look) {
	b.t.Helper()
	b.open(file, "screen", width, scheme)
	b.eval(lookText, &l)
	l.Faults = append(l.Faults, b.faults...)
	return l
}

// pictured writes a dump with a picture beside it, and with names that are long.
func pictured(t *testing.T) string {
	t.Helper()
	dir := folder(t, someLogits, someLabels)
	m := image.NewRGBA(image.Rect(0, 0, 12, 11))
	for i := range 12 * 11 {
		m.Set(i%12, i/12, color.RGBA{uint8(20 * (i % 12)), uint8(20 * (i / 12)), 120, 255})
	}
	f := must(os.Create(filepath.Join(dir, "image.png")))
	must(0, png.Encode(f, m))
	must(0, f.Close())
	must(0, os.WriteFile(filepath.Join(dir, "classes.txt"), []byte("a class with a name that is too long for one line of a telephone, by far\nb\n"), 0o666))
	long := filepath.Join(t.TempDir(), strings.Repeat("a_long_name_", 10))
	must(0, os.Rename(dir, long))
	return long
}

// pages writes a page on photos and a picture, one under a softmax, and one with a map of one row.
func pages(t *testing.T) (pictures, rows, line string) {
	t.Helper()
	out := t.TempDir()
	write := func(name string, args ...string) string {
		file := filepath.Join(out, name)
		command.Must(t, append([]string{"-o", file}, args...)...)
		return file
	}
	return write("pictures.html", append([]string{"--top=40", pictured(t)}, photos...)...),
		write("rows.html", "--loss=softmaxfocal", folder(t, someLogits, []byte{0, 1, 1, 0})),
		write("line.html", "--loss=qfl", "--no-measure", folder(t, someLogits, someLabels))
}

// looks are the widths and color schemes that pages are looked at in.
var looks = []struct {
	width  int
	scheme string
}{{390, "light"}, {390, "dark"}, {1280, "light"}, {1280, "dark"}}

// TestLook: in a browser a page shows every figure, on telephones, too, light and dark, and neither
// complains nor asks for another file.
func TestLook(t *testing.T) {
	b := startBrowser(t)
	pictures, rows, line := pages(t)
	bars := []string{"Scores by kind.", "Positives by class."}
	maps := []string{"Loss per positive, α down and γ across", "Easy negatives’ share of the loss, α down and γ across"}
	for _, p := range []struct {
		file    string
		figures []string
	}{
		{pictures, slices.Concat(bars, []string{"Shares of the sum of each loss."}, maps, []string{"Inputs by the sum of their loss.", ": positives in green, negatives dashed."})},
		{rows, []string{"Anchors by kind.", "Positives by class."}},
		{line, slices.Concat(bars, []string{"Shares of the sum of each loss.", "Loss per positive, β across", "Easy negatives’ share of the loss, β across"})},
	} {
		for _, c := range looks {
			l := b.look(p.file, c.width, c.scheme)
			name := fmt.Sprint(filepath.Base(p.file), " ", c.width, " ", c.scheme)
			for _, fault := range l.Faults {
				t.Errorf("%s: %s", name, fault)
			}
			if !slices.EqualFunc(l.Figures, p.figures, strings.HasSuffix) {
				t.Errorf("%s: figures %q, want %q", name, l.Figures, p.figures)
			}
			if (l.Ground < 0.2) != (c.scheme == "dark") {
				t.Errorf("%s: its ground has the luminance %v", name, l.Ground)
			}
		}
	}
}

// TestPaper: a printed page is light, and has all of every table, those behind figures, too.
func TestPaper(t *testing.T) {
	const a4 = 718 // the width between Chromium's margins
	b := startBrowser(t)
	pictures, _, _ := pages(t)
	b.open(pictures, "print", a4, "dark")
	var l struct {
		Ground string
		Cells  int
		Lost   []string
	}
	b.eval(`(() => {
		const cells = [...document.querySelectorAll("th, td")];
		const lost = cells.filter(e => !e.checkVisibility() || e.getBoundingClientRect().right > document.documentElement.clientWidth ||
			getComputedStyle(e.closest(".wide")).overflowX !== "visible");
		return {ground: getComputedStyle(document.body).backgroundColor, cells: cells.length, lost: lost.map(e => e.textContent)};
	})()`, &l)
	if l.Ground != "rgb(255, 255, 255)" || l.Cells < 500 || len(l.Lost) > 0 {
		t.Errorf("the ground is %s, and of %d cells %d are not printed: %.10q", l.Ground, l.Cells, len(l.Lost), l.Lost)
	}
}

// TestLookFaults: each kind of fault is seen.
func TestLookFaults(t *testing.T) {
	b := startBrowser(t)
	page := command.Must(t, "--no-measure", "-o", "-", pictured(t))
	file := filepath.Join(t.TempDir(), "page.html")
	for _, c := range []struct{ add, want string }{
		{"", ""},
		{"<script>throw new Error('thrown')</script>", "exception: Uncaught Error: thrown"},
		{"<script>setTimeout(() => none.of.this)</script>", "exception: Uncaught ReferenceError: none is not defined"},
		{"<script>console.warn('odd')</script>", "console: warning[{odd}]"},
		{"<script>]</script>", "exception: Uncaught SyntaxError"},
		{"<img src=none.png alt=none>", "log: error: Failed to load resource"},
		{"<img src=http://127.0.0.1:9/a.png alt=none>", "request: http://127.0.0.1:9/a.png"},
		{"<div style='width: 400px'>too wide</div>", "the page is 4"},
		{"<div style='width: 400px'>too wide</div>", "too wide: ends at 4"},
		{"<style>.stack { display: none }</style>", "not to be seen in the figure Shares"},
		{"<style>.maps { visibility: hidden }</style>", "not to be seen in the figure Loss per positive"},
		{"<style>.drawn figure { height: 0; overflow: hidden; }</style>", "not to be seen in the figure"},
		{"<figure><figcaption>empty</figcaption></figure>", "draws nothing"},
		{"<svg viewBox='0 0 9 9'><image width=9 height=9 href='data:image/png;base64,AAAA'/></svg>", "EncodingError"},
		{"<p style='color: #999'>pale</p>", "pale: a contrast of "},
		{"<style>:root { --turn: .5 }</style>", "at the shade 0.5"},
		{"<div class=wide>deaf</div>", "deaf: scrolls"},
	} {
		must(0, os.WriteFile(file, []byte(strings.Replace(page, "</main>", c.add+"</main>", 1)), 0o666))
		l := b.look(file, 390, "light")
		switch {
		case c.want == "" && len(l.Faults) > 0:
			t.Errorf("faults %q", l.Faults)
		case !slices.ContainsFunc(l.Faults, func(f string) bool { return strings.Contains(f, c.want) }) && c.want != "":
			t.Errorf("%s: faults %q, want %q", c.add, l.Faults, c.want)
		}
	}
}
