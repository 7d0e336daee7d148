package adapt

import (
	"cmp"
	"net/netip"
	"reflect"
	"slices"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/facts"
)

// merge adds answers and dialogs that a listener does not have yet.
func merge(l *agentapi.BehindListener, t talk) (clash bool) {
	l.TLS, l.Proxy = l.TLS || t.tls, l.Proxy || t.proxy
	for _, a := range t.asks {
		i := slices.IndexFunc(l.Answers, func(b agentapi.BehindAnswer) bool { return a.Method == b.Method && a.Path == b.Path })
		if i < 0 {
			l.Answers = append(l.Answers, a)
		} else if !reflect.DeepEqual(l.Answers[i], a) {
			clash = true
		}
	}
	if len(t.steps) > 0 && !slices.ContainsFunc(l.Dialogs, func(d []agentapi.BehindStep) bool { return reflect.DeepEqual(d, t.steps) }) {
		l.Dialogs = append(l.Dialogs, t.steps)
	}
	return clash
}

// check says what is to answer a server's check, and where.
func (w *world) check(n *facts.Node, p *facts.Proxy, s *facts.Server, name string, a netip.Addr, number int) {
	kind, talks := agentapi.BehindTCP, []talk{{}}
	var problems []error
	switch p.Check.Name {
	case "httpchk":
		kind = agentapi.BehindHTTP
		talks, problems = requests(p)
	case "tcp-check":
		talks, problems = dialogs(p.CheckRules)
	case "mysql-check":
		kind = agentapi.BehindMySQL
	case "pgsql-check":
		kind = agentapi.BehindPgSQL
	case "redis-check":
		kind = agentapi.BehindRedis
	case "smtpchk":
		kind = agentapi.BehindSMTP
	case "ldap-check":
		kind = agentapi.BehindLDAP
	case "ssl-hello-chk":
		talks[0].tls = true
	case "external-check":
		w.note(n.Name, "%s is checked by a program of the machine (external-check)", name)
	case "spop-check":
		w.unmet(n.Name, "%s is checked as an agent of SPOE, for which nothing stands: HAProxy calls it down", name)
	}
	for _, err := range problems {
		w.unmet(n.Name, "the check of %s can't be answered: %v", name, err)
	}
	if s.CheckAddr.IsValid() {
		a = s.CheckAddr
	}
	elsewhere := s.CheckAddr.IsValid() || s.CheckPort != 0 && s.CheckPort != s.Port
	for _, t := range talks {
		t.tls = t.tls || s.CheckTLS.V || s.TLS && !s.CheckTLS.Set && !elsewhere
		t.proxy = t.proxy || s.CheckProxy || s.Proxy && !elsewhere
		w.listen(n, name, a, cmp.Or(t.port, s.CheckPort, number), func(l *agentapi.BehindListener) {
			if speaks(l, kind) || merge(l, t) {
				w.unmet(n.Name, "%s is expected to answer in two ways; it answers as the first check wants it", l.Address)
			}
			certified(l, s)
		})
	}
}
