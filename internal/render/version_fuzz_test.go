package render

import "testing"

// FuzzParseVersion feeds what a daemon may answer to -v.
func FuzzParseVersion(f *testing.F) {
	f.Add("HA-Proxy version 1.5.18 2016/05/10\n")
	f.Add("Keepalived v2.2.7 (01/16,2022)\n")
	f.Add("version 99999999999999999999.1")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseVersion(text)
		if err != nil {
			return
		}
		if v.Major < 0 || v.Minor < 0 || v.Patch < 0 || !v.AtLeast(0, 0) {
			t.Errorf("%q is version %v", text, v)
		}
		if again, err := ParseVersion("version " + v.String()); err != nil || again != v {
			t.Errorf("%v reads back as %v, %v", v, again, err)
		}
	})
}
