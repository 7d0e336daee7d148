package agent

import (
	"maps"
	"strings"
	"testing"
)

const columns = "# pxname,svname,qcur,status,weight,type,\n"

func TestParseServers(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       map[string]string
	}{
		{"as HAProxy writes it", columns +
			"web,FRONTEND,,OPEN,,0,\napp,frontend-01,0,UP,1,2,\napp,frontend-02,0,UP 1/2,1,2,\napp,BACKEND,0,UP,2,1,\nstats,FRONTEND,,OPEN,,0,\n",
			map[string]string{"frontend-01": "UP", "frontend-02": "UP 1/2"}},
		{"other order of columns", "# status,svname,pxname\nMAINT,a,app\n", map[string]string{"a": "MAINT"}},
		{"one name in two backends", columns + "app,a,0,UP,1,2,\nother,a,0,DOWN,1,2,\n",
			map[string]string{"a": "UP", "other/a": "DOWN"}},
		{"short lines are left out", columns + "app,a\n\napp,b,0,DOWN,1,2,\n", map[string]string{"b": "DOWN"}},
		{"quotes", columns + "app,a,0,UP,1,2,\"Layer4, \"\"timeout\"\"\"\n", map[string]string{"a": "UP"}},
		{"not looked at yet", "# pxname,svname,status,check_status,\napp,a,UP,INI,\napp,b,UP,* INI,\napp,c,UP,L7OK,\napp,d,DOWN,INI,\napp,e,no check,,\n",
			map[string]string{"a": "UP not checked yet", "b": "UP not checked yet", "c": "UP", "d": "DOWN", "e": "no check"}},
		{"no servers", columns, map[string]string{}},
	} {
		got, err := parseServers(strings.NewReader(c.text))
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	for _, text := range []string{"", "<html>401</html>\n", "# pxname,svname\napp,a\n"} {
		if got, err := parseServers(strings.NewReader(text)); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

func FuzzParseServers(f *testing.F) {
	f.Add(columns + "app,frontend-01,0,UP,1,2,\n")
	f.Add("# pxname,svname,status\n\"a\"b,c,d\n")
	f.Add("# status\n")
	f.Fuzz(func(t *testing.T, text string) {
		servers, err := parseServers(strings.NewReader(text))
		if err == nil && servers == nil {
			t.Error("neither servers nor an error")
		}
		for name := range servers {
			if name == "" || name == "FRONTEND" || name == "BACKEND" {
				t.Errorf("server %q", name)
			}
		}
	})
}
