package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// header must be on every request that changes something. A page of somebody else
// can't set it without a preflight, which is never granted.
const header = "X-Halab"

// NewKey makes a key of 128 random bits.
func NewKey() string {
	var key [16]byte
	rand.Read(key[:]) // it never fails (crypto/rand)
	return hex.EncodeToString(key[:])
}

// guard lets through only those who have the key, and whose browser shows them this
// page and no other. The page controls a container engine, so each line is for one
// way in:
//
//	a name that resolves to 127.0.0.1, of a page on the web   Host
//	a form or script of another page                          Origin, Sec-Fetch-Site, the header, the strict cookie
//	another user of the machine                               the key
//	the page in somebody's frame                              frame-ancestors
//	markup in a container's name or log                       the content security policy
type guard struct {
	key    string
	cookie string
	hosts  hosts
	next   http.Handler
}

// policy is the page's: its own files, no inline script or style, and no string that
// becomes markup (Trusted Types without a policy).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// ServeHTTP implements http.Handler.
func (g guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	switch {
	case !g.hosts.has(r.Host):
		refuse(w, http.StatusMisdirectedRequest, "this page is not at "+printable(r.Host)+": open the address that halab ui printed")
	case !sameOrigin(r):
		refuse(w, http.StatusForbidden, "another page asked for this; only halab's own may")
	case r.URL.Path == "/" && r.URL.Query().Has("key"):
		if !g.opens(r.URL.Query().Get("key")) {
			refuse(w, http.StatusForbidden, "the key in the address is not this page's: open the address that halab ui printed last")
			return
		}
		// Not a redirect: a strict cookie is not sent with one that begins on another
		// page, such as a terminal in the browser.
		http.SetCookie(w, &http.Cookie{Name: g.cookie, Value: g.key, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		g.next.ServeHTTP(w, r)
	case !g.known(r):
		refuse(w, http.StatusUnauthorized, "the key is missing: open the address that halab ui printed, with its ?key=")
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get(header) == "":
		refuse(w, http.StatusForbidden, "the header "+header+" is missing")
	default:
		g.next.ServeHTTP(w, r)
	}
}

func (g guard) opens(key string) bool {
	return subtle.ConstantTimeCompare([]byte(key), []byte(g.key)) == 1
}

func (g guard) known(r *http.Request) bool {
	c, err := r.Cookie(g.cookie)
	return err == nil && g.opens(c.Value)
}

// sameOrigin says whether a request comes from this page, or from no page at all.
func sameOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	}
	// Another page may link to the page itself, which shows nothing without the key.
	return r.Method == http.MethodGet && r.URL.Path == "/" && r.Header.Get("Sec-Fetch-Mode") == "navigate"
}

// hosts are the Host headers that are meant for a server at an address.
type hosts struct {
	port     string
	loopback bool
}

func hostsOf(at net.Addr) hosts {
	a, err := netip.ParseAddrPort(at.String())
	if err != nil {
		return hosts{}
	}
	_, port, _ := net.SplitHostPort(at.String())
	return hosts{port: port, loopback: a.Addr().IsLoopback()}
}

// has says whether a Host header is one of them: an address, never a name, because a
// name may be made to resolve to any address by whoever owns it.
func (h hosts) has(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil || port != h.port {
		return false
	}
	if name == "localhost" {
		return h.loopback
	}
	a, err := netip.ParseAddr(name)
	return err == nil && (!h.loopback || a.IsLoopback())
}

// cookieName has the port in it: cookies know no ports, and two labs may have a page
// each.
func cookieName(at net.Addr) string {
	_, port, _ := net.SplitHostPort(at.String())
	return "halab-" + port
}

func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(why + "\n")) // nobody is left to be told
}

// printable is a header's value without what could be mistaken for more than text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
