// Package partial reads and writes what an evaluation of one input, or of a range of its
// scores, came to: a line of JSON, with all that is needed to report on it among others. Sums
// are exact, so lines merge to the bits of an evaluation of all.
//
// A line is refused unless it is, byte by byte, what Append writes: it ends in a checksum, so
// that one that was cut, changed, or glued to another is not taken for a smaller result.
package partial

import (
	"fmt"
	"hash/fnv"
	"path/filepath"
	"sync"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/engine"
)

const (
	// Format and Version begin each line. What changes the meaning of a line raises Version.
	Format  = "flengine-partial"
	Version = 1

	// MaxLine is the length of the longest line, in bytes, with its end.
	MaxLine = 64 << 20
	// MaxKept is how many of the hardest scores a line may hold, of all its losses together.
	MaxKept = 1 << 18
)

// Line is what one input, or a range of its scores, came to.
type Line struct {
	Path  cli.Path        `json:"path"`  // what results and messages call the input
	Files []File          `json:"files"` // that it was read from, first that of the scores; none of standard input
	Input dump.Convention `json:"input"`

	Scores  int64 `json:"scores"` // of all of the input
	Columns int   `json:"columns"`
	Soft    bool  `json:"soft"` // there are targets, not labels
	Range   Range `json:"range"`
	Task    Task  `json:"task"`

	Build   string `json:"build"` // of flbench, see Build
	Kernel  string `json:"kernel"`
	Workers int    `json:"workers"`

	Top    int    `json:"top"` // so many of the hardest scores were to be kept, 0 for none
	Max    bool   `json:"max"` // the largest loss was asked for
	Losses []Loss `json:"losses"`

	// CE and EasyCE are of cross-entropy: of all scores, and of the easy negatives. They are nil
	// if the losses are of rows.
	CE     *Exact `json:"ce,omitempty"`
	EasyCE *Exact `json:"easy_ce,omitempty"`

	Facts dump.Facts `json:"facts"` // of which warnings are made once the whole is known
	Notes []cli.Path `json:"notes"` // texts, which may name paths
}

// File is one that an input was read from.
type File struct {
	Path  cli.Path  `json:"path"` // from the root, links followed
	Size  int64     `json:"size"`
	MTime time.Time `json:"mtime"`
}

// Range is the I-th of N ranges of an input's scores, [From, To). That of all is 1/1.
type Range struct {
	I    int   `json:"i"`
	N    int   `json:"n"`
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Task is one evaluation, whose lines are numbered from 1 on, so that one that is lost is missed.
type Task struct {
	ID   string `json:"id"` // see TaskID
	Line int    `json:"line"`
	Of   int    `json:"of"`
}

// TaskID tells evaluations of other inputs, or of other ranges of them, apart.
func TaskID(paths []string, i, n int) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%d %q", i, n, paths)
	return fmt.Sprintf("%016x", h.Sum64())
}

// Build returns this program's version, which has the commit where it was built from one.
var Build = sync.OnceValue(func() string { return cli.NewEnvironment().Version })

// Loss is what a loss came to.
type Loss struct {
	Loss engine.Loss `json:"loss"`
	Sum  Exact       `json:"sum"`
	Easy *Exact      `json:"easy,omitempty"` // of the easy negatives, nil if the loss is of rows

	Largest *cli.Float32 `json:"largest,omitempty"` // nil unless asked for
	Top     []Entry      `json:"top,omitempty"`     // hardest first
}

// Exact is a Result, whose text alone is written.
type Exact engine.Result

// MarshalText writes all bits of the result.
func (e Exact) MarshalText() ([]byte, error) { return engine.Result(e).MarshalText() }

// UnmarshalText is the inverse of MarshalText.
func (e *Exact) UnmarshalText(text []byte) error { return (*engine.Result)(e).UnmarshalText(text) }

// Entry is one of the hardest scores.
type Entry struct {
	Row    int           `json:"row"`
	Column int           `json:"column"`
	Logit  *cli.Float32  `json:"logit,omitempty"`
	Prob   *cli.Float32  `json:"prob,omitempty"`
	Label  *uint8        `json:"label,omitempty"`
	Target *cli.Float32  `json:"target,omitempty"`
	Loss   cli.Float32   `json:"loss"`
	Class  cli.Path      `json:"class,omitempty"` // a name may have bytes that are no UTF-8, too
	Box    []cli.Float32 `json:"box,omitempty"`
}

// EntryOf returns a score of a ranking, whose path is that of the line.
func EntryOf(r ranking.Ranked) Entry {
	return Entry{r.Row, r.Column, r.Logit, r.Prob, r.Label, r.Target, r.Loss, cli.Path(r.Class), r.Box}
}

// Ranked is the inverse of EntryOf.
func (e Entry) Ranked() ranking.Ranked {
	return ranking.Ranked{
		Row: e.Row, Column: e.Column, Logit: e.Logit, Prob: e.Prob, Label: e.Label, Target: e.Target,
		Loss: e.Loss, Class: string(e.Class), Box: e.Box,
	}
}

// File is where the scores were read from, "" if that was standard input or a pipe.
func (l *Line) File() cli.Path {
	if len(l.Files) == 0 {
		return ""
	}
	return l.Files[0].Path
}

// Names are what tells the input from others: two lines that share one are of one input, or
// cannot be told apart. The file's time is no part of it, lest one that was touched between two
// tries be counted twice.
func (l *Line) Names() []string {
	file := l.File()
	if file == "" {
		return []string{string(l.Path)}
	}
	return []string{filepath.Clean(string(l.Path)), "file\x00" + string(file)} // no PATH has a NUL
}

// Weighted tells whether anchors had weights.
func (l *Line) Weighted() bool { return l.Input.Weights != "" }

// Rows tells whether the losses are of rows.
func (l *Line) Rows() bool { return len(l.Losses) > 0 && l.Losses[0].Loss.Family().Rows }

// List returns the hardest scores under one of the line's losses.
func (l *Line) List(loss *Loss) (ranking.List, error) {
	ranked := make([]ranking.Ranked, len(loss.Top))
	for i, e := range loss.Top {
		ranked[i] = e.Ranked()
	}
	return ranking.ListOf(l.Path, max(l.Columns, 1), l.Input.Probs, l.Soft, ranked)
}
