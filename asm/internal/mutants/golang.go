package main

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"math"
	"strconv"
	"strings"
)

// operators are those to try in place of one.
var operators = map[token.Token]token.Token{
	token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.QUO, token.QUO: token.MUL, token.REM: token.QUO,
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.EQL: token.NEQ, token.NEQ: token.EQL, token.LAND: token.LOR, token.LOR: token.LAND,
	token.AND: token.OR, token.OR: token.AND, token.XOR: token.OR, token.AND_NOT: token.AND,
	token.SHL: token.SHR, token.SHR: token.SHL,
	token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN, token.MUL_ASSIGN: token.QUO_ASSIGN,
	token.QUO_ASSIGN: token.MUL_ASSIGN, token.AND_ASSIGN: token.OR_ASSIGN, token.OR_ASSIGN: token.AND_ASSIGN,
	token.XOR_ASSIGN: token.OR_ASSIGN, token.SHL_ASSIGN: token.SHR_ASSIGN, token.SHR_ASSIGN: token.SHL_ASSIGN,
	token.INC: token.DEC, token.DEC: token.INC, token.BREAK: token.CONTINUE, token.CONTINUE: token.BREAK,
}

// names are those to try in place of one.
var names = map[string]string{"true": "false", "false": "true", "min": "max", "max": "min"}

// goMutants returns the mutants of a Go file.
func goMutants(file string, src []byte) ([]mutant, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	e := &edits{file: file, src: src, code: plainGo}
	g := &goEdits{edits: e, tokens: fset.File(f.FileStart)}
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			continue
		}
		e.in = ""
		if f, ok := d.(*ast.FuncDecl); ok {
			e.in = f.Name.Name
		}
		ast.Inspect(d, g.visit)
	}
	return e.mutants, nil
}

type goEdits struct {
	*edits
	tokens *token.File
}

func (g *goEdits) at(p token.Pos) int { return g.tokens.Offset(p) }

// operator adds the mutant with another operator in place of the one at p.
func (g *goEdits) operator(p token.Pos, t token.Token) {
	if o, ok := operators[t]; ok {
		g.add("operator", g.at(p), g.at(p)+len(t.String()), o.String())
	}
}

func (g *goEdits) remove(s ast.Node) { g.add("delete", g.at(s.Pos()), g.at(s.End()), "") }

func (g *goEdits) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.Field:
		// Types of fields and parameters say how much room there is, not what is computed.
		return false
	case *ast.ArrayType:
		if _, ok := n.Len.(*ast.BasicLit); ok { // so does the length of an array
			ast.Inspect(n.Elt, g.visit)
			return false
		}
	case *ast.BinaryExpr:
		if !isString(n.X) && !isString(n.Y) {
			g.operator(n.OpPos, n.Op)
		}
	case *ast.UnaryExpr:
		if n.Op == token.SUB || n.Op == token.NOT || n.Op == token.XOR {
			g.add("operator", g.at(n.OpPos), g.at(n.X.Pos()), "")
		}
	case *ast.IncDecStmt:
		g.operator(n.TokPos, n.Tok)
		g.remove(n)
	case *ast.AssignStmt:
		g.operator(n.TokPos, n.Tok)
		if n.Tok != token.DEFINE {
			g.remove(n)
		}
	case *ast.ExprStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt, *ast.ReturnStmt:
		g.remove(n)
	case *ast.BranchStmt:
		g.operator(n.TokPos, n.Tok)
	case *ast.IfStmt:
		if _, binary := n.Cond.(*ast.BinaryExpr); !binary {
			g.add("negate", g.at(n.Cond.Pos()), g.at(n.Cond.Pos()), "!")
		}
	case *ast.FuncDecl:
		if n.Body != nil {
			g.early(n.Type, n.Body)
		}
	case *ast.FuncLit:
		g.early(n.Type, n.Body)
	case *ast.Ident:
		if o, ok := names[n.Name]; ok {
			g.add("name", g.at(n.Pos()), g.at(n.End()), o)
		}
	case *ast.BasicLit:
		for _, v := range neighbours(n.Kind, n.Value) {
			g.add("constant", g.at(n.Pos()), g.at(n.End()), v)
		}
	}
	return true
}

// early adds the mutant of a function that returns at once: zeros, or what its named
// results are.
func (g *goEdits) early(t *ast.FuncType, body *ast.BlockStmt) {
	if len(body.List) == 0 {
		return
	}
	var zeros []string
	if t.Results != nil {
		for _, r := range t.Results.List {
			if len(r.Names) > 0 {
				zeros = nil
				break
			}
			zeros = append(zeros, "*new("+string(g.src[g.at(r.Type.Pos()):g.at(r.Type.End())])+")")
		}
	}
	at := g.at(body.Lbrace) + 1
	g.add("return", at, at, strings.TrimRight(" return "+strings.Join(zeros, ", "), " ")+";")
}

func isString(x ast.Expr) bool {
	l, ok := x.(*ast.BasicLit)
	return ok && l.Kind == token.STRING
}

// neighbours returns the numbers next to a literal: one more, or another last bit. Of
// a float32 it is that type's; of other numbers, both types' are tried, as where the
// literal stands may round it to float32.
func neighbours(kind token.Token, literal string) []string {
	switch kind {
	case token.INT:
		n, err := strconv.ParseUint(literal, 0, 64)
		if err != nil {
			return nil
		}
		if literal[0] == '0' && len(literal) > 1 {
			return []string{"0x" + strconv.FormatUint(n^1, 16)}
		}
		return []string{strconv.FormatUint(n+1, 10)}
	case token.FLOAT:
		v, err := strconv.ParseFloat(literal, 64)
		if err != nil {
			return nil
		}
		narrow := float32(v)
		next := strconv.FormatFloat(float64(math.Nextafter32(narrow, math.MaxFloat32)), 'x', -1, 32)
		if float64(narrow) == v {
			return []string{next}
		}
		return []string{next, strconv.FormatFloat(math.Nextafter(v, math.MaxFloat64), 'x', -1, 64)}
	}
	return nil
}

// plainGo is the code of lines, without comments.
func plainGo(lines string) string {
	src := []byte(lines)
	fset := token.NewFileSet()
	var s scanner.Scanner
	s.Init(fset.AddFile("", -1, len(src)), src, nil, scanner.ScanComments)
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return string(src)
		}
		if tok == token.COMMENT {
			at := int(pos) - 1
			for i := range len(text) {
				src[at+i] = ' '
			}
		}
	}
}
