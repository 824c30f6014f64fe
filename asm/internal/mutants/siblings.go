package main

import "regexp"

// siblings are the instructions to try in place of one, by a pattern of its name.
// Names that neither the assembler nor a macro knows are mutants that do not compile.
var siblings = []struct {
	pattern *regexp.Regexp
	others  []string
}{}

func init() {
	for _, r := range [][]string{
		// Vectors of amd64.
		{`(V)ADD(P[SD]|S[SD])`, "${1}SUB$2"},
		{`(V)SUB(P[SD]|S[SD])`, "${1}ADD$2"},
		{`(V)MUL(P[SD]|S[SD])`, "${1}ADD$2"},
		{`(V)DIV(P[SD]|S[SD])`, "${1}MUL$2"},
		{`(V)MAX(P[SD]|S[SD])`, "${1}MIN$2"},
		{`(V)MIN(P[SD]|S[SD])`, "${1}MAX$2"},
		{`VFMADD(\d+)(\w+)`, "VFMSUB$1$2", "VFNMADD$1$2"},
		{`VFMSUB(\d+)(\w+)`, "VFMADD$1$2", "VFNMSUB$1$2"},
		{`VFNMADD(\d+)(\w+)`, "VFMADD$1$2", "VFNMSUB$1$2"},
		{`VFNMSUB(\d+)(\w+)`, "VFMSUB$1$2", "VFNMADD$1$2"},
		{`(VFN?M(?:ADD|SUB))231(\w+)`, "${1}213$2"},
		{`(VFN?M(?:ADD|SUB))213(\w+)`, "${1}231$2"},
		{`(VFN?M(?:ADD|SUB))132(\w+)`, "${1}231$2"},
		{`VPADD([BWDQ])`, "VPSUB$1"},
		{`VPSUB([BWDQ])`, "VPADD$1"},
		{`VPSLL([WDQ])`, "VPSRL$1"},
		{`VPSR[LA]([WDQ])`, "VPSLL$1"},
		{`VPSRA([WD])`, "VPSRL$1"},
		{`V(P?)AND(\w*)`, "V${1}OR$2"},
		{`V(P?)OR(\w*)`, "V${1}AND$2"},
		{`V(P?)XOR(\w*)`, "V${1}OR$2"},
		{`V(P?)ANDN(\w*)`, "V${1}AND$2"},
		{`VPMAX(\w+)`, "VPMIN$1"},
		{`VPMIN(\w+)`, "VPMAX$1"},
		{`VPCMPGT([BWDQ])`, "VPCMPEQ$1"},
		{`VPCMPEQ([BWDQ])`, "VPCMPGT$1"},
		{`V(P?)UNPCKL(\w+)`, "V${1}UNPCKH$2"},
		{`V(P?)UNPCKH(\w+)`, "V${1}UNPCKL$2"},
		{`VTESTP([SD])`, "VPTEST"},
		{`VPTESTM(\w)`, "VPTESTNM$1"},
		{`VPTESTNM(\w)`, "VPTESTM$1"},
		{`KAND(\w)`, "KOR$1"},
		{`KOR(\w)`, "KAND$1"},
		{`KXOR(\w)`, "KOR$1"},
		// General registers of both.
		{`ADD([LQW]?)`, "SUB$1"},
		{`SUB([LQW]?)`, "ADD$1"},
		{`AND([LQW]?)`, "OR$1", "ORR$1"},
		{`ORR?([LQW]?)`, "AND$1"},
		{`XOR([LQW])`, "OR$1"},
		{`EOR`, "ORR"},
		{`INC([LQ])`, "DEC$1"},
		{`DEC([LQ])`, "INC$1"},
		{`SHL([LQ])`, "SHR$1"},
		{`SHR([LQ])`, "SHL$1"},
		{`LSL`, "LSR"},
		{`LSR`, "LSL"},
		// Conditions.
		{`(J|B|CMOV[LQ]|SET)LT`, "${1}LE", "${1}GE"},
		{`(J|B|CMOV[LQ]|SET)LE`, "${1}LT", "${1}GT"},
		{`(J|B|CMOV[LQ]|SET)GT`, "${1}GE", "${1}LE"},
		{`(J|B|CMOV[LQ]|SET)GE`, "${1}GT", "${1}LT"},
		{`(J|B|CMOV[LQ]|SET)(HI|HS|LS|LO|CC|CS)`, "${1}NE"},
		{`(J|B|CMOV[LQ]|SET)EQ`, "${1}NE"},
		{`(J|B|CMOV[LQ]|SET)NE`, "${1}EQ"},
		{`JN?(Z|C|S)`, "JN$1", "J$1"},
		{`CBZ(W?)`, "CBNZ$1"},
		{`CBNZ(W?)`, "CBZ$1"},
		{`TBZ`, "TBNZ"},
		{`TBNZ`, "TBZ"},
		// Vectors of arm64, as macros of an arrangement: FADD_4S, FMLA_LANE3.
		{`(F?)ADD(_\w+)`, "${1}SUB$2"},
		{`(F?)SUB(_\w+)`, "${1}ADD$2"},
		{`(F?)MUL(_\w+)`, "${1}ADD$2"},
		{`FDIV(_\w+)`, "FMUL$1"},
		{`FMAX(_\w+)`, "FMIN$1"},
		{`FMIN(_\w+)`, "FMAX$1"},
		{`([SU])MAX(_\w+)`, "${1}MIN$2"},
		{`([SU])MIN(_\w+)`, "${1}MAX$2"},
		{`FMLA(_\w+)`, "FMLS$1", "FMUL$1"},
		{`FMLS(_\w+)`, "FMLA$1", "FMUL$1"},
		{`SHL(_\w+)`, "USHR$1", "SSHR$1"},
		{`[SU]SHR(_\w+)`, "SHL$1"},
		{`USHR(_\w+)`, "SSHR$1"},
		{`SSHR(_\w+)`, "USHR$1"},
		{`AND(_\w+)`, "ORR$1"},
		{`ORR(_\w+)`, "AND$1"},
		{`EOR(_\w+)`, "ORR$1"},
		{`BIC(_\w+)`, "AND$1"},
		{`BSL(_\w+)`, "BIT$1", "BIF$1"},
		{`BIT(_\w+)`, "BIF$1", "BSL$1"},
		{`BIF(_\w+)`, "BIT$1", "BSL$1"},
		{`FCMGE(_\w+)`, "FCMGT$1"},
		{`FCMGT(_\w+)`, "FCMGE$1"},
		{`FCMEQ0(_\w+)`, "FCMLT0$1"},
		{`FCMLT0(_\w+)`, "FCMEQ0$1"},
		{`ZIP1(_\w+)`, "ZIP2$1"},
		{`ZIP2(_\w+)`, "ZIP1$1"},
		{`UZP1(_\w+)`, "UZP2$1"},
		{`UZP2(_\w+)`, "UZP1$1"},
		{`(\w+_LANE)0`, "${1}1"},
		{`(\w+_LANE)1`, "${1}0"},
		{`(\w+_LANE)2`, "${1}3"},
		{`(\w+_LANE)3`, "${1}2"},
	} {
		siblings = append(siblings, struct {
			pattern *regexp.Regexp
			others  []string
		}{regexp.MustCompile(`^` + r[0] + `$`), r[1:]})
	}
}

// siblingsOf returns what to try in place of an instruction.
func siblingsOf(name string) (others []string) {
	for _, s := range siblings {
		if m := s.pattern.FindStringSubmatchIndex(name); m != nil {
			for _, o := range s.others {
				if o := string(s.pattern.ExpandString(nil, o, name, m)); o != name {
					others = append(others, o)
				}
			}
		}
	}
	return others
}
