package probe

import (
	"strings"
	"testing"
)

// FuzzParseTotals feeds HAProxy's statistics of all kinds: sums of what can't be
// negative are never negative.
func FuzzParseTotals(f *testing.F) {
	const columns = "# pxname,svname,econ,eresp,wretr,wredis,\n"
	f.Add(columns + "app,frontend-01,1,2,3,4,\napp,BACKEND,9,9,9,9,\n")
	f.Add(columns + "app,a,-1,,x,9223372036854775807,\napp,b,1,1,1,9223372036854775807\n")
	f.Add("# svname\n\"a\"b\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		total, err := parseTotals(strings.NewReader(text))
		if err == nil && (total.Retries < 0 || total.Redispatch < 0 || total.Errors < 0) {
			t.Errorf("%q sums up to %+v", text, total)
		}
	})
}
