//go:build !purego

package avx2

// spread are the bytes of VPSHUFB that move word i of eight to the upper half of element i,
// and zeros to its lower half.
var spread = bits{
	0x0100_8080, 0x0302_8080, 0x0504_8080, 0x0706_8080,
	0x0908_8080, 0x0b0a_8080, 0x0d0c_8080, 0x0f0e_8080,
}
