package vecmath

import "maps"

// bounds holds the largest error of each function, in units of the last place
// (ULP) of the exact value, over all arguments. Subnormal results count in units
// of the smallest float32. Tests measure against it.
var bounds = map[string]float64{
	"Exp":        0.78,
	"Log":        0.63,
	"Log1p":      0.51,
	"Sigmoid":    0.56,
	"Softplus":   0.56,
	"LogSigmoid": 0.56,
	"Pow":        0.56,
}

// Bounds returns the error bound of each function by its name, in ULP.
func Bounds() map[string]float64 { return maps.Clone(bounds) }
