package asm

// MaxClassColumns is the most columns of a [ClassCall], and MaxClass the greatest magnitude of a
// class in it that names no column.
const (
	MaxClassColumns = 32
	MaxClass        = 126
)

// ClassCall is classes of whole rows whose labels are wanted: what LabelClasses of package
// generic is given.
type ClassCall struct {
	N       int         // rows: a multiple of 32, at most 4096
	Columns int         // of a row, at most MaxClassColumns
	Places  *ClassPlace // those of so many columns, see [MakeClassPlaces]
	Classes *int32      // one per row
	Labels  *uint8      // where the labels go, N·Columns of them

	Background, Ignored int8 // what classes are called that name no column; not the same, neither beyond ±MaxClass

	Positive    int // set to how many rows have a column,
	IgnoredRows int // and how many are ignored;
	Invalid     int // to more than 0 if a class is none of all that: then nothing else means anything
}

// ClassPlace says of 16 labels in a row, twice, of which of 16 rows they are, and of which column.
type ClassPlace struct{ Row, Column [32]uint8 }

// MakeClassPlaces sets the first of places to those of the labels of 16 rows, as many as there
// are columns.
func MakeClassPlaces(places *[MaxClassColumns]ClassPlace, columns int) {
	row, column := uint8(0), uint8(0)
	for i := range places[:columns] {
		p := &places[i]
		for k := range 16 {
			p.Row[k], p.Row[16+k] = row, row
			p.Column[k], p.Column[16+k] = column, column
			if column++; int(column) == columns {
				row, column = row+1, 0
			}
		}
	}
}
