package web_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"halab/internal/outage"
	"halab/internal/web"
)

const key = "0123456789abcdef0123456789abcdef"

// handler is a page that needs no lab.
func handler(at string) http.Handler {
	a, _ := net.ResolveTCPAddr("tcp", at)
	return web.New(web.Options{Key: key, Replay: &outage.Result{}}).Handler(a)
}

// request is one as a browser makes it that has the page open; change makes it
// another.
func request(method, target string, change func(r *http.Request)) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader("{}"))
	r.Host = "127.0.0.1:7070"
	r.AddCookie(&http.Cookie{Name: "halab-7070", Value: key})
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Origin", "http://127.0.0.1:7070")
		r.Header.Set("X-Halab", "1")
		r.Header.Set("Content-Type", "application/json")
	}
	if change != nil {
		change(r)
	}
	return r
}

func ask(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// Each way to the page that is not its own is refused, and its own is not. The replay
// page has no POST, so one that comes through the guard is 405.
func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	for _, c := range []struct {
		name, method, target string
		change               func(*http.Request)
		want                 int
	}{
		{"the page itself", "GET", "/", nil, 200},
		{"by the name localhost", "GET", "/", host("localhost:7070"), 200},
		{"by another loopback address", "GET", "/", host("[::1]:7070"), 200},
		{"a name that resolves to us", "GET", "/api/about", host("rebound.example:7070"), 421},
		{"another port", "GET", "/api/about", host("127.0.0.1:7071"), 421},
		{"an address of the LAN", "GET", "/", host("192.168.1.5:7070"), 421},
		{"no port", "GET", "/", host("127.0.0.1"), 421},
		{"no cookie", "GET", "/api/about", func(r *http.Request) { r.Header.Del("Cookie") }, 401},
		{"no cookie, for a file", "GET", "/main.js", func(r *http.Request) { r.Header.Del("Cookie") }, 401},
		{"another cookie", "GET", "/api/about", set("Cookie", "halab-7070=0123456789abcdef0123456789abcdee"), 401},
		{"another lab's cookie", "GET", "/api/about", set("Cookie", "halab-7071="+key), 401},
		{"an empty cookie", "GET", "/api/about", set("Cookie", "halab-7070="), 401},
		{"the wrong key", "GET", "/?key=0123", nil, 403},
		{"an empty key", "GET", "/?key=", nil, 403},
		{"a key for more than the page", "GET", "/api/about?key=" + key, func(r *http.Request) { r.Header.Del("Cookie") }, 401},
		{"a script of another page", "GET", "/api/about", set("Sec-Fetch-Site", "cross-site"), 403},
		{"a sister page on another port", "GET", "/api/about", set("Sec-Fetch-Site", "same-site"), 403},
		{"another origin", "GET", "/api/about", set("Origin", "http://127.0.0.1:8080"), 403},
		{"no origin that can be named", "GET", "/api/about", set("Origin", "null"), 403},
		{"a POST of our own", "POST", "/api/about", nil, 405},
		{"a cross-site POST", "POST", "/api/about", set("Origin", "https://example.org"), 403},
		{"a POST without the header", "POST", "/api/about", func(r *http.Request) { r.Header.Del("X-Halab") }, 403},
		{"a DELETE without the header", "DELETE", "/api/about", nil, 403},
		{"a file that is not the page's", "GET", "/guard.go", nil, 404},
	} {
		if got := ask(handler("127.0.0.1:7070"), request(c.method, c.target, c.change)).StatusCode; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// The key in the address is good for a cookie that no other page is sent with, and that
// no script reads. Other pages may link to it.
func TestTheKeyBecomesACookie(t *testing.T) {
	t.Parallel()
	r := request("GET", "/?key="+key, func(r *http.Request) {
		r.Header = http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}}
	})
	got := ask(handler("127.0.0.1:7070"), r)
	cookies := got.Cookies()
	if got.StatusCode != 200 || len(cookies) != 1 {
		t.Fatalf("status %d, %d cookies", got.StatusCode, len(cookies))
	}
	if c := cookies[0]; c.Value != key || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 0 || !c.Expires.IsZero() {
		t.Errorf("the cookie is %s", c)
	}
}

// Every answer, a refusal as well, forbids whatever could make markup of a name.
func TestPolicy(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/", "/main.js", "/api/about", "/nothing", "/?key=wrong"} {
		h := ask(handler("127.0.0.1:7070"), request("GET", target, nil)).Header
		policy := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %q: %s", target, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %s", target, policy)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", target, name, h.Get(name))
			}
		}
	}
}

// On all addresses any address is right, and still no name.
func TestOnAllAddresses(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]int{"192.168.1.5:7070": 200, "127.0.0.1:7070": 200, "example.org:7070": 421, "localhost:7070": 421} {
		r := request("GET", "/", func(r *http.Request) { r.Host = host })
		if got := ask(handler("0.0.0.0:7070"), r).StatusCode; got != want {
			t.Errorf("%s: %d, want %d", host, got, want)
		}
	}
}

func TestKeysDiffer(t *testing.T) {
	t.Parallel()
	if a, b := web.NewKey(), web.NewKey(); a == b || len(a) != 32 {
		t.Errorf("keys %s and %s", a, b)
	}
}
