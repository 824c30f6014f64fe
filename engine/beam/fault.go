package beam

import (
	"errors"
	"fmt"
	"strings"
)

// faultMark begins what this package says was wrong. Runners wrap an error in texts of theirs,
// and send it as text.
const faultMark = "flengine/beam: "

// fault marks an error, in one line.
func fault(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(faultMark + oneLine(err.Error()))
}

func oneLine(text string) string { return strings.Join(strings.FieldsFunc(text, isBreak), " ") }

func isBreak(c rune) bool { return c == '\n' || c == '\r' }

// Fault returns what was wrong with the files in the error of a pipeline's run, without what the
// runner says about where that was; nil if the error is not about them.
//
//	if _, err := beam.Run(ctx, runner, p); err != nil {
//		if fault := flbeam.Fault(err); fault != nil { … }
//	}
func Fault(err error) error {
	if err == nil {
		return nil
	}
	_, after, ok := strings.Cut(err.Error(), faultMark)
	if !ok {
		return nil
	}
	line, _, _ := strings.Cut(after, "\n")
	return fmt.Errorf("%s", line)
}
