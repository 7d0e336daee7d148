package facts

import (
	"math"
	"strconv"
	"strings"

	"halab/internal/daemonconf/keepalivedconf"
	"halab/internal/daemonconf/source"
)

// at is where a block's i-th word stands, or the keyword where it has no such.
func at(b *keepalivedconf.Block, i int) source.Pos {
	if i < len(b.Words) {
		return b.Words[i].Pos
	}
	return b.At()
}

// command is what a script or notify line runs: one quoted text, or its words.
func command(b *keepalivedconf.Block) string {
	return strings.TrimSpace(source.Join(b.Words[1:]))
}

func put(v *Value[int], n float64, ok bool, at source.Pos) {
	if ok {
		v.put(int(n), at)
	}
}

// reversed turns a weight round where the word after it says so.
func reversed(v *Value[int], b *keepalivedconf.Block, i int) {
	if b.Word(i) == "reverse" {
		v.V = -v.V
	}
}

// yes reads keepalived's switches, whose word may be missing.
func yes(word string) bool {
	switch strings.ToLower(word) {
	case "off", "no", "false":
		return false
	}
	return true
}

func number(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) && math.Abs(n) < 1e9
}

func whole(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil
}
