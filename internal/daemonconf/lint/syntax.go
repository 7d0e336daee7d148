package lint

import (
	"fmt"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/haproxyconf"
	"halab/internal/daemonconf/keepalivedconf"
	"halab/internal/daemonconf/source"
)

// keyword is a word that not every version has.
type keyword struct {
	words string // the line's first words
	since string // first version that has it, "" where that is older than any here
	until string // first version that no longer has it
	use   string // what to write instead
}

// haproxyKeywords are those of haproxy.cfg, from the changes of each version's
// configuration manual.
func haproxyKeywords() []keyword {
	list := []keyword{
		{"nbproc", "", "2.5", "nbthread"}, {"bind-process", "", "2.7", "thread on the bind line"},
		{"clitimeout", "", "2.1", "timeout client"}, {"srvtimeout", "", "2.1", "timeout server"}, {"contimeout", "", "2.1", "timeout connect"},
		{"redispatch", "", "2.1", "option redispatch"}, {"block", "", "2.1", "http-request deny"}, {"appsession", "", "1.6", "stick-table"},
		{"nbthread", "1.8", "", ""}, {"master-worker", "1.8", "", ""}, {"hard-stop-after", "1.8", "", ""}, {"server-template", "1.8", "", ""},
		{"retry-on", "2.0", "", ""}, {"http-reuse", "1.6", "", ""}, {"http-after-response", "2.2", "", ""}, {"http-error", "2.2", "", ""},
		{"http-check send", "2.2", "", "option httpchk METHOD URI"}, {"http-check connect", "2.2", "", ""}, {"http-request return", "2.2", "", ""},
		{"http-request disable-l7-retry", "2.0", "", ""}, {"log stdout", "1.9", "", ""}, {"log stderr", "1.9", "", ""},
		{"ssl-default-bind-ciphersuites", "1.8", "", ""}, {"server-state-file", "1.6", "", ""}, {"load-server-state-from-file", "1.6", "", ""},
		{"email-alert", "1.6", "", ""}, {"resolvers", "1.6", "", ""}, {"mailers", "1.6", "", ""}, {"cache", "1.8", "", ""},
		{"program", "2.0", "3.3", "a service of its own"}, {"fcgi-app", "2.1", "", ""}, {"ring", "2.2", "", ""}, {"http-errors", "2.2", "", ""},
		{"log-forward", "2.3", "", ""}, {"crt-store", "3.0", "", ""}, {"log-profile", "3.1", "", ""}, {"traces", "3.1", "", ""},
		{".if", "2.4", "", ""},
	}
	for _, old := range []string{"reqadd", "reqallow", "reqdel", "reqdeny", "reqiallow", "reqidel", "reqideny", "reqipass", "reqirep", "reqitarpit", "reqpass", "reqrep", "reqtarpit"} {
		list = append(list, keyword{old, "", "2.1", "http-request"})
	}
	for _, old := range []string{"rspadd", "rspdel", "rspdeny", "rspidel", "rspideny", "rspirep", "rsprep"} {
		list = append(list, keyword{old, "", "2.1", "http-response"})
	}
	return list
}

// keepalivedKeywords are those of keepalived.conf.
func keepalivedKeywords() []keyword {
	list := []keyword{{"down_timer_adverts", "2.2", "", ""}}
	for _, word := range []string{"track_process", "vrrp_track_process", "track_file", "vrrp_track_file", "track_bfd", "bfd_instance", "vrrp_startup_delay",
		"notify_master_rx_lower_pri", "vrrp_notify_fifo", "notify_fifo", "max_auto_priority", "vrrp_notify_fifo_script"} {
		list = append(list, keyword{word, "2", "", ""})
	}
	return list
}

// wrong says what is wrong with a keyword for a version, "" when nothing is.
func (k keyword) wrong(v facts.Version) string {
	switch {
	case k.since != "" && !v.AtLeast(k.since):
		return fmt.Sprintf("%s needs version %s", k.words, k.since)
	case k.until != "" && v.AtLeast(k.until):
		return fmt.Sprintf("%s is gone since version %s; it is %s now", k.words, k.until, k.use)
	}
	return ""
}

// syntax judges both files of each node against the versions that were asked for.
func syntax(w *world) {
	list := haproxyKeywords()
	for _, n := range w.nodes {
		for _, f := range n.HAProxy.Files {
			w.lastLine(n.HAProxy.Version, f)
			for i := range f.Lines {
				if l := &f.Lines[i]; len(l.Words) > 0 && !l.Dropped {
					w.haproxyLine(n.HAProxy.Version, l, list)
				}
			}
		}
		if n.Keepalived.Conf != nil {
			w.keepalivedBlock(n.Keepalived.Version, n.Keepalived.Conf.Root, keepalivedKeywords())
		}
	}
}

// lastLine finds a file whose last line has no end: HAProxy takes it for one that
// was cut off.
func (w *world) lastLine(v facts.Version, f *haproxyconf.File) {
	if len(f.Lines) == 0 || !v.AtLeast("2.3") {
		return
	}
	if l := f.Lines[len(f.Lines)-1]; len(l.Words) > 0 && !strings.HasSuffix(l.Tail, "\n") {
		w.find(Finding{At: l.At(), refused: l.At().File, Sees: "connections to the VIP are refused: HAProxy does not start",
			What: fmt.Sprintf("HAProxy %s refuses the file: the last line has no line end, so it may have been cut off", v),
			Cure: &Cure{Text: "end the file with a line end", At: l.At()}})
	}
}

func (w *world) haproxyLine(v facts.Version, l *haproxyconf.Line, list []keyword) {
	refuse := func(at source.Pos, what string, cure *Cure) {
		w.find(Finding{At: at, refused: at.File, What: fmt.Sprintf("HAProxy %s refuses the file: %s", v, what), Sees: "connections to the VIP are refused: HAProxy does not start", Cure: cure})
	}
	for _, k := range list {
		first, second, two := strings.Cut(k.words, " ")
		if l.Word(0) != first || two && l.Word(1) != second {
			continue
		}
		if what := k.wrong(v); what != "" {
			refuse(l.At(), what, nil)
		}
	}
	kind := l.Word(0)
	if (kind == "listen" || kind == "frontend") && len(l.Words) > 2 && strings.Contains(l.Word(2), ":") && v.AtLeast("2.5") {
		cure := w.replace(l.Words[1].Pos, l.Word(1)+l.Words[2].Lead+l.Word(2), l.Word(1), "the address on a line of its own")
		cure.New = append(cure.New, "    bind "+l.Word(2))
		refuse(l.Words[2].Pos, "an address after "+kind+" NAME is gone since version 2.5", cure)
	}
	if kind == "defaults" && !v.AtLeast("2.4") && l.Word(2) == "from" {
		refuse(l.At(), "defaults … from needs version 2.4", nil)
	}
	if !v.AtLeast("1.6") {
		for _, word := range l.Words {
			if word.Quoted && strings.HasPrefix(word.Raw, `"`) {
				w.find(Finding{Severity: Warning, At: word.Pos, What: fmt.Sprintf("HAProxy %s knows no quotes: they are part of the word", v), Sees: "what the word is for does not happen"})
			}
		}
	}
}

func (w *world) keepalivedBlock(v facts.Version, b *keepalivedconf.Block, list []keyword) {
	for _, in := range b.Inner {
		for _, k := range list {
			if in.Name() != k.words {
				continue
			}
			if what := k.wrong(v); what != "" {
				w.find(Finding{At: in.At(), Sees: "what the line is for does not happen", Drill: "haproxy-kill",
					What: fmt.Sprintf("keepalived %s does not know it and only says so in its log: %s; where a block follows, all that stands behind it in the instance is lost", v, what)})
			}
		}
		if in.Braces && b.Words == nil || in.Name() == "vrrp_instance" {
			w.keepalivedBlock(v, in, list)
		}
	}
}

// httpInTCP finds rules about HTTP in a proxy that sees only bytes.
func httpInTCP(w *world) {
	for _, n := range w.nodes {
		for _, p := range n.HAProxy.Proxies {
			if p.Mode.V != "tcp" {
				continue
			}
			for _, l := range p.Section.Lines {
				for _, word := range l.Words[1:] {
					if !isHTTPFetch(word.Text) {
						continue
					}
					w.find(Finding{At: word.Pos, Sees: "requests go to the default backend, or nowhere, whatever they ask for",
						What: fmt.Sprintf("%s never matches in %s, which is in mode tcp", word.Text, p.Name)})
					break
				}
			}
		}
	}
}

// isHTTPFetch knows the samples that need HTTP (configuration manual, 7.3.6).
func isHTTPFetch(word string) bool {
	word = strings.TrimLeft(word, "{!")
	for _, fetch := range []string{"hdr(", "hdr_", "req.hdr(", "req.fhdr(", "path", "path_beg", "path_end", "url", "url_beg", "method"} {
		if word == fetch || strings.HasSuffix(fetch, "(") && strings.HasPrefix(word, fetch) || fetch == "hdr_" && strings.HasPrefix(word, fetch) {
			return true
		}
	}
	return false
}
