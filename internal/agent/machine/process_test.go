package machine

import "testing"

func TestParseStat(t *testing.T) {
	p, ok := ParseStat([]byte("17 (a) b (c)) S 3 17 17 0 -1 4194560"))
	if !ok || p.Name != "a) b (c)" || p.State != 'S' || p.Parent != 3 {
		t.Errorf("got %+v, %v", p, ok)
	}
	for _, text := range []string{"", "17", "17 (a", ") (", "17 (a) S", "17 (a) SS 3", "17 (a) S x"} {
		if p, ok := ParseStat([]byte(text)); ok {
			t.Errorf("%q: %+v", text, p)
		}
	}
}

func TestStopPending(t *testing.T) {
	for status, want := range map[string]bool{
		"SigPnd:\t0000000000000000\nShdPnd:\t0000000000040000\n":                            true,
		"SigPnd:\t0000000000040001\nShdPnd:\t0000000000000000\n":                            true,
		"SigPnd:\t0000000000000000\nShdPnd:\t0000000000020000\nSigBlk:\t0000000000040000\n": false, // SIGCONT; another mask
		"ShdPnd:\tx\n": false,
		"":             false,
	} {
		if got := stopPending([]byte(status)); got != want {
			t.Errorf("%q: %v", status, got)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("17 (keepalived) S 3 17"))
	f.Add([]byte("17 (a)) ( S 3"))
	f.Fuzz(func(_ *testing.T, stat []byte) { ParseStat(stat) })
}
