package report

import (
	"reflect"
	"strconv"
	"testing"
)

func parse(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return tenth(v)
}

func TestTicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lo, hi float64
		want   []float64
	}{
		{-30, 40, []float64{-30, -20, -10, 0, 10, 20, 30, 40}},
		{-1300, 5000, []float64{-1000, 0, 1000, 2000, 3000, 4000, 5000}},
		{0, 1, []float64{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}},
	} {
		if got := (linear{lo: c.lo, hi: c.hi}).ticks(9); !reflect.DeepEqual(got, c.want) {
			t.Errorf("ticks from %v to %v: %v, want %v", c.lo, c.hi, got, c.want)
		}
	}
}

func TestDecades(t *testing.T) {
	t.Parallel()
	d := decadesFor([]float64{0, 0.4, 317}, 100, 0)
	if d.lo != -1 || d.hi != 3 {
		t.Errorf("got 10^%d to 10^%d", d.lo, d.hi)
	}
	for v, want := range map[float64]float64{0.1: 100, 1000: 0, 10: 50, 0: 100, 1e9: 0} {
		if got := d.at(v); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("%v is at %v, want %v", v, got, want)
		}
	}
}
