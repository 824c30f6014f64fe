package listing

import "fmt"

// Loop is an innermost loop, as a turn without weights and stores of losses executes it.
type Loop struct {
	Scores int    // of a turn, or what else the loop's counter counts
	Spans  []Span // what is executed, in order, but for jumps
	Ways   bool   // on a condition, a turn executes something else
}

// Span is an instruction's code, in bytes from the beginning of its function.
type Span struct{ From, To int }

// Loops returns the innermost loops of a function.
func (all Functions) Loops(name string) (loops []Loop, err error) {
	f := all[name]
	if f == nil {
		return nil, fmt.Errorf("no function %s", name)
	}
	for _, l := range f.loops() {
		n, err := f.scores(l)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		loop := Loop{Scores: n}
		for _, in := range f.executed(l, false) {
			if in.target >= 0 {
				continue
			}
			next := f.at(in.pc + 1)
			if next < 0 {
				return nil, fmt.Errorf("%s ends without a return", name)
			}
			loop.Spans = append(loop.Spans, Span{in.pc, f.code[next].pc})
		}
		for i := l.first; i < l.last; i++ {
			in := f.code[i]
			if in.target > in.pc && in.target <= f.code[l.last].pc && in.name != "JMP" && !f.testsNil(i) {
				loop.Ways = true
			}
		}
		loops = append(loops, loop)
	}
	return loops, nil
}

// Parts returns a kernel's name, and those of the passes that it calls.
func (all Functions) Parts(name string) ([]string, error) {
	f := all[name]
	if f == nil {
		return nil, fmt.Errorf("no function %s", name)
	}
	parts := []string{name}
	for _, in := range f.code {
		if in.name != "CALL" {
			continue
		}
		pass := base(in.operands[0])
		if all[pass] == nil {
			return nil, fmt.Errorf("%s calls %s, which is not in its package", name, in.operands[0])
		}
		parts = append(parts, pass)
	}
	return parts, nil
}
