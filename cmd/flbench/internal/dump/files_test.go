package dump

import (
	"testing"
	"time"
)

// TestYear: what is taken for a file's time has a text in JSON. Few file systems have others.
func TestYear(t *testing.T) {
	at := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 3 {
		for _, near := range []time.Time{at.Add(-time.Nanosecond), at, at.In(time.FixedZone("", -3600)), at.In(time.FixedZone("", 3600))} {
			_, want := near.UTC().MarshalJSON()
			if err := checkYear(near); (err == nil) != (want == nil) {
				t.Errorf("%v: %v, JSON says %v", near, err, want)
			}
		}
		at = at.AddDate(5000, 0, 0)
	}
}
