package eval

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// part is the i-th of n ranges of an input's scores; that of all is 1/1.
type part struct{ i, n int }

func (p part) String() string { return fmt.Sprintf("%d/%d", p.i, p.n) }

// parseRange reads i/n.
func parseRange(text string) (part, error) {
	before, after, _ := strings.Cut(text, "/")
	i, iOK := parseCount(before)
	n, nOK := parseCount(after)
	switch {
	case !iOK || !nOK:
		return part{}, cli.Usagef("--range is %q: want i/n, the i-th of n ranges of the scores, such as 1/4", text)
	case n == 0:
		return part{}, cli.Usagef("--range is %s: want at least one range, 1/1", text)
	case i < 1 || i > n:
		return part{}, cli.Usagef("--range is %s: want 1/%d to %d/%d", text, n, n, n)
	}
	return part{i, n}, nil
}

// parseCount reads digits alone.
func parseCount(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, strconv.IntSize-1)
	return int(n), err == nil
}

// note says what of the input a report is on.
func (p part) note(from, to, scores int) string {
	if from == to {
		return fmt.Sprintf("--range=%v: none of the %d scores", p, scores)
	}
	return fmt.Sprintf("--range=%v: %d of the %d scores, from %d on", p, to-from, scores, from)
}
