package standing

import (
	"strconv"
	"strings"
)

// Check is something that keepalived tracks, and what it does to the priority.
type Check struct {
	Kind   string `json:"kind"` // file, script, interface or process
	Name   string `json:"name"`
	Weight int    `json:"weight"` // 0: where it fails, the instance goes to FAULT
	Status string `json:"status,omitempty"`
	Failed bool   `json:"failed,omitempty"`
}

// Instance is what a keepalived says of one of its instances.
type Instance struct {
	Name      string  `json:"name"`
	State     string  `json:"state"`
	RouterID  int     `json:"router_id"`
	Version   int     `json:"version"`
	Priority  int     `json:"priority"`  // of its file
	Effective int     `json:"effective"` // with what its checks add and take
	NoPreempt bool    `json:"no_preempt,omitempty"`
	Checks    []Check `json:"checks"`
	Sent      int     `json:"sent"`
	Received  int     `json:"received"`
	// Refused counts adverts that were thrown away, by keepalived's own words.
	Refused map[string]int `json:"refused"`

	addresses []string
}

// parse reads what keepalived writes at SIGUSR1 (data) and SIGUSR2 (stats). What it
// does not know of one version or another it leaves out.
func parse(data, stats string) []Instance {
	var list []Instance
	status := map[string]string{} // "file haproxy" -> what it says
	var in *Instance
	section, kind := "", ""
	for line := range strings.Lines(data) {
		key, value, isPair := strings.Cut(strings.TrimSpace(line), " = ")
		switch {
		case strings.HasPrefix(line, "---"):
			in, section = nil, ""
		case key == "VRRP Instance":
			list = append(list, Instance{Name: value, Checks: []Check{}, Refused: map[string]int{}})
			in, section = &list[len(list)-1], ""
		case key == "Track file":
			in, section = nil, "file "+value
		case key == "VRRP Script", key == "Script":
			in, section = nil, "script "+value
		case in != nil && strings.HasPrefix(key, "Tracked "):
			kind = strings.TrimSuffix(strings.Fields(key)[1], "s")
			section = "tracked"
		case in != nil && !isPair && section == "tracked":
			in.track(kind, key)
		case in != nil && strings.Contains(key, "/") && strings.Contains(key, " dev "):
			address, _, _ := strings.Cut(key, "/")
			in.addresses = append(in.addresses, address)
		case in != nil && isPair:
			section = ""
			in.take(key, value)
		case key == "Status" && section != "":
			status[section] = value
		}
	}
	for i := range list {
		for j := range list[i].Checks {
			c := &list[i].Checks[j]
			c.Status = status[c.Kind+" "+c.Name]
			c.Failed = failed(c.Kind, c.Status)
		}
	}
	count(list, stats)
	return list
}

// track takes a tracked thing: "chk_haproxy, weight 2".
func (in *Instance) track(kind, text string) {
	name, weight, found := strings.Cut(text, "weight ")
	if !found {
		return
	}
	w, _, _ := strings.Cut(weight, " ")
	n, _ := strconv.Atoi(strings.TrimRight(w, ":,"))
	in.Checks = append(in.Checks, Check{Kind: kind, Name: strings.TrimRight(name, ", :"), Weight: n})
}

// take takes a line of an instance.
func (in *Instance) take(key, value string) {
	number := func() int {
		n, _ := strconv.Atoi(strings.Fields(value + " ")[0])
		return n
	}
	switch key {
	case "State":
		in.State = value
	case "VRRP Version":
		in.Version = number()
	case "Virtual Router ID":
		in.RouterID = number()
	case "Priority":
		in.Priority = number()
	case "Effective priority":
		in.Effective = number()
	case "Preempt":
		in.NoPreempt = value == "disabled"
	}
}

// failed says whether a status is that of a check that fails: a file has a number
// that is 0 while all is well, a script a word.
func failed(kind, status string) bool {
	if kind == "file" {
		return status != "" && status != "0"
	}
	up := strings.ToUpper(status)
	return strings.Contains(up, "BAD") || strings.Contains(up, "FAIL")
}

// count adds what the statistics say: under "Packet Errors" and "Authentication
// Errors" stands what was refused.
func count(list []Instance, stats string) {
	var in *Instance
	section := ""
	for line := range strings.Lines(stats) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if key == "VRRP Instance" {
			in = nil
			for i := range list {
				if list[i].Name == strings.TrimSpace(value) {
					in = &list[i]
				}
			}
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(value))
		switch {
		case err != nil:
			section = key
		case in == nil || n == 0:
		case section == "Advertisements" && key == "Received":
			in.Received = n
		case section == "Advertisements" && key == "Sent":
			in.Sent = n
		case strings.HasSuffix(section, "Errors"):
			in.Refused[strings.ToLower(strings.TrimSuffix(section, " Errors")+": "+key)] = n
		}
	}
}
