package engine

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// calls are the functions that FAMILY.md's code may call.
var calls = map[string]any{
	"CrossEntropy": CrossEntropy, "BalancedCrossEntropy": BalancedCrossEntropy, "Focal": Focal,
	"SoftmaxCrossEntropy": SoftmaxCrossEntropy, "SoftmaxFocal": SoftmaxFocal,
	"QualityFocal": QualityFocal, "Varifocal": Varifocal, "VarifocalUnweighted": VarifocalUnweighted, "HeatmapFocal": HeatmapFocal, "Asymmetric": Asymmetric,
	"WithBackground": WithBackground, "WithIgnored": WithIgnored, "WithClassWeights": WithClassWeights, "WithColumnWeights": WithColumnWeights,
}

// names are what its code may name.
var names = map[string]any{
	"C": int32(3), "r": Result{}, "avgFactor": 1.0, "c": []int32{0, 1}, "iou": []float32{0, 1},
	"p": []float32{0, 1, 0, 0, 0, 0}, "v": []float32{1, 2, 3}, "w": []float32{1, 2, 3}, "y": []float32{0, 1},
}

// evaluateCode returns the value of an expression of FAMILY.md.
func evaluateCode(e ast.Expr) (reflect.Value, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		v, err := strconv.ParseFloat(e.Value, 64)
		return reflect.ValueOf(v), err
	case *ast.UnaryExpr:
		v, err := evaluateCode(e.X)
		if err == nil && e.Op == token.SUB {
			v = reflect.ValueOf(-v.Float())
		}
		return v, err
	case *ast.BinaryExpr: // of floats, which the table only divides
		x, err := evaluateCode(e.X)
		if err != nil {
			return x, err
		}
		y, err := evaluateCode(e.Y)
		if err != nil || e.Op != token.QUO {
			return y, fmt.Errorf("%v: %w", e.Op, err)
		}
		return reflect.ValueOf(reflect.ValueOf(x.Interface()).Convert(reflect.TypeFor[float64]()).Float() / y.Convert(reflect.TypeFor[float64]()).Float()), nil
	case *ast.Ident:
		if v, ok := names[e.Name]; ok {
			return reflect.ValueOf(v), nil
		}
		return reflect.Value{}, fmt.Errorf("no %s here", e.Name)
	case *ast.CallExpr:
		var f reflect.Value
		if s, ok := e.Fun.(*ast.SelectorExpr); ok {
			x, err := evaluateCode(s.X)
			if err != nil {
				return x, err
			}
			f = x.MethodByName(s.Sel.Name)
		} else if id, ok := e.Fun.(*ast.Ident); ok {
			f = reflect.ValueOf(calls[id.Name])
		}
		if !f.IsValid() {
			return f, fmt.Errorf("no function or method in %#v", e.Fun)
		}
		var args []reflect.Value
		for i, a := range e.Args {
			v, err := evaluateCode(a)
			if err != nil {
				return v, err
			}
			to := f.Type().In(min(i, f.Type().NumIn()-1))
			if f.Type().IsVariadic() && i >= f.Type().NumIn()-1 {
				to = to.Elem()
			}
			if !v.CanConvert(to) {
				return v, fmt.Errorf("argument %d of %#v is %v, want %v", i, e.Fun, v.Type(), to)
			}
			args = append(args, v.Convert(to))
		}
		return f.Call(args)[0], nil
	}
	return reflect.Value{}, fmt.Errorf("%T", e)
}

var code = regexp.MustCompile("`([^`]*)`")

// TestFamilyCalls: the code in FAMILY.md's table of calls is this package's: losses and options
// make an engine, fields are a Batch's, reductions a Result's.
func TestFamilyCalls(t *testing.T) {
	raw, err := os.ReadFile("FAMILY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(raw), "| --- | --- | --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")
	if len(rows) < 10 {
		t.Fatalf("%d rows of calls", len(rows))
	}
	for _, row := range rows {
		columns := strings.Split(row, "|")
		if len(columns) != 6 {
			t.Errorf("%d columns in %s", len(columns), row)
			continue
		}
		var loss Loss
		var options []Option
		for i, c := range code.FindAllStringSubmatch(columns[2], -1) {
			e, err := parser.ParseExpr(c[1])
			var v reflect.Value
			if err == nil {
				v, err = evaluateCode(e)
			}
			if err != nil {
				t.Errorf("%s: %v", c[1], err)
				continue
			}
			switch v := v.Interface().(type) {
			case Loss:
				loss = v
				if back, err := ParseLoss(v.String()); err != nil || back != v || i != 0 {
					t.Errorf("%s is %v, and reads as %v, %v", c[1], v, back, err)
				}
			case Option:
				options = append(options, v)
			default:
				t.Errorf("%s is no loss nor option, but %T", c[1], v)
			}
		}
		if _, err := New(loss, options...); err != nil {
			t.Errorf("%s: %v", columns[2], err)
		}
		for _, c := range code.FindAllStringSubmatch(columns[3], -1) {
			e, err := parser.ParseExpr("Batch{" + c[1] + "}")
			if err != nil {
				t.Errorf("%s: %v", c[1], err)
				continue
			}
			for _, e := range e.(*ast.CompositeLit).Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok {
					t.Errorf("%s: no field", c[1])
					continue
				}
				field, ok := reflect.TypeFor[Batch]().FieldByName(kv.Key.(*ast.Ident).Name)
				if v, err := evaluateCode(kv.Value); !ok || err != nil || v.Type() != field.Type {
					t.Errorf("%s: %v, %v", c[1], field, err)
				}
			}
		}
		for _, c := range code.FindAllStringSubmatch(columns[4], -1) {
			if _, ok := reflect.TypeFor[*Engine]().MethodByName(c[1]); ok {
				continue
			}
			e, err := parser.ParseExpr(c[1])
			if err == nil {
				_, err = evaluateCode(e)
			}
			if err != nil {
				t.Errorf("%s: %v", c[1], err)
			}
		}
	}
}
