package docker

import "testing"

func TestRootCgroup(t *testing.T) {
	for _, test := range []struct {
		driver   string
		security []string
		want     string
	}{
		{"cgroupfs", []string{"name=seccomp,profile=default"}, "/"},
		{"systemd", nil, ""},
		{"cgroupfs", []string{"name=seccomp,profile=default", "name=rootless"}, ""},
		{"none", nil, ""},
	} {
		if got := rootCgroup(test.driver, test.security); got != test.want {
			t.Errorf("driver %s, %v: %q, should be %q", test.driver, test.security, got, test.want)
		}
	}
}
