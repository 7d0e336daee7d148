package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The page in a real browser, by keyboard alone: HAProxy is killed where the VIP is, the
// VIP moves in the picture, the events tell of it, and a restore makes all well.
func TestLivePage(t *testing.T) {
	lab := Shared(t)
	holder := lab.HolderOf(t, "frontend")
	heir := Other(holder)
	b := lab.OpenPage(t)
	b.Until("the VIP is drawn where it is", Holds(holder))
	b.Until("requests are drawn", `document.querySelector("#legend").innerText.includes("failed")`)
	if at := js[string](b, "location.search"); at != "" {
		t.Errorf("the key stays in the address: %s", at)
	}
	b.Key("b")
	b.Until("the form is open", `document.querySelector("#breaking").open && document.activeElement.name === "what"`)
	b.do(chromedp.SendKeys("#breaking [name=what]", "haproxy: kill"))
	b.Until("its cost is foreseen", `/^\d.*ms/.test(document.querySelector(".forecast b")?.innerText || "")`)
	b.Key(kb.Tab, kb.Tab, kb.Tab, kb.Tab, kb.Tab) // seconds, why, cancel, restore, break
	b.Until("the button has the focus", `document.activeElement.type === "submit"`)
	b.Key(kb.Enter)
	b.Until("the VIP moves", Holds(heir)+` && !document.querySelector('[data-node="`+holder+`"].holds')`)
	b.Until("it is said what is broken", `document.querySelector("#ready").innerText === "1 thing is broken"`)
	b.Until("the events tell of it", `[...document.querySelectorAll("#news li")].some((e) => e.innerText.includes("`+heir+`") && e.innerText.includes("BACKUP → MASTER"))`)
	b.Key("r")
	b.Until("all is well again", `document.querySelector("#ready").innerText === "ready"`)
	lab.AwaitReady(t, 15*time.Second)
	for _, scheme := range []string{"light", "dark"} {
		for _, size := range [][2]int64{{360, 740}, {800, 1000}, {1920, 1080}} {
			b.Shot(size[0], size[1], scheme)
			b.whole(fmt.Sprintf("%d px, %s", size[0], scheme))
		}
	}
}

// whole holds what must be true at any width and in any colours: nothing sticks out,
// everything that can be used has a name, and text can be read (WCAG 2.2, 1.4.3).
func (b *Browser) whole(where string) {
	b.t.Helper()
	if over := js[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		b.t.Errorf("%s: the page is %d px too wide", where, over)
	}
	for _, e := range js[[]string](b, nameless) {
		b.t.Errorf("%s: without a name: %s", where, e)
	}
	for _, e := range js[[]string](b, pale) {
		b.t.Errorf("%s: hard to read: %s", where, e)
	}
}

const nameless = `[...document.querySelectorAll("button, select, input, canvas, dialog, [role]")].filter((e) =>
  !(e.innerText || "").trim() && !e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby") && !(e.labels && e.labels.length) && !e.hidden && e.id !== "toasts"
).map((e) => e.outerHTML.slice(0, 120))`

// pale lists texts with less than 4.5:1 to what is behind them.
const pale = `(() => {
  const parse = (c) => (c.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const lum = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !e.checkVisibility({ checkVisibilityCSS: true }) || e.closest(":disabled, .dead, noscript, .hidden, .skip")) continue;
    let back = e;
    while (back && (parse(getComputedStyle(back).backgroundColor)[3] ?? 1) === 0) back = back.parentElement;
    const a = lum(parse(getComputedStyle(e).color)), b = lum(parse(getComputedStyle(back || document.body).backgroundColor));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(ratio.toFixed(2) + " " + e.tagName + "." + e.className + " " + e.innerText.slice(0, 40));
  }
  return bad;
})()`

// An outage on the page has the milliseconds that the feed says.
func TestLivePageShowsAnOutage(t *testing.T) {
	Nightly(t)
	lab := Shared(t)
	b := lab.OpenPage(t)
	b.Until("the VIP is drawn", Holds(lab.HolderOf(t, "frontend")))
	time.Sleep(time.Second) // requests flow before the outage, so that its begin is seen
	lab.Run(t, "fail", "frontend", "node", "--how", "kill")
	b.Until("nobody holds the VIP, and that is said", `document.querySelector(".cluster.orphan .holding").innerText.includes("nobody")`)
	b.Until("the outage is shown while it lasts", `document.querySelector("#outages .now")`)
	lab.Run(t, "restore")
	b.Until("the outage has ended", `document.querySelector("#outages li:not(.now)")`)
	shown := js[string](b, `document.querySelector("#outages li:not(.now) b").innerText`)
	words := js[string](b, `[...document.querySelectorAll("#news li")].map((e) => e.innerText).find((e) => e.includes("answers again"))`)
	var ms float64
	if _, after, found := strings.Cut(words, "no answer for "); !found {
		t.Fatalf("the events say %q", words)
	} else if _, err := fmt.Sscanf(after, "%f ms", &ms); err != nil {
		t.Fatalf("the events say %q: %v", words, err)
	}
	want := fmt.Sprintf("%.0f ms", ms)
	if ms >= 10000 {
		want = fmt.Sprintf("%.1f s", ms/1000)
	}
	if shown != want {
		t.Errorf("the page says %s, the feed %s", shown, want)
	}
	lab.AwaitReady(t, 15*time.Second)
}

// A read-only page has nothing that could break anything.
func TestLivePageReadOnly(t *testing.T) {
	Nightly(t)
	lab := Shared(t)
	b := lab.OpenPage(t, "--read-only")
	holder := lab.HolderOf(t, "frontend")
	b.Until("the VIP is drawn", Holds(holder))
	if n := js[int](b, `[...document.querySelectorAll(".acting")].filter((e) => e.checkVisibility()).length`); n > 0 {
		t.Errorf("%d ways to act are shown", n)
	}
	b.Key("b", "r")
	b.do(chromedp.Click(`[data-node="` + holder + `"] .name`))
	if js[bool](b, `document.querySelector("dialog[open]") !== null`) {
		t.Error("a dialog opened")
	}
}

// A drill from the page, to its report; then the saved drill as a replay.
func TestLivePageDrill(t *testing.T) {
	Nightly(t)
	lab := Shared(t)
	b := lab.OpenPage(t)
	b.Until("the VIP is drawn", Holds(lab.HolderOf(t, "frontend")))
	b.Key("d")
	b.Until("the menu is open", `document.querySelector("#drills").open`)
	js[any](b, `(() => { document.querySelector('[value="frontend/haproxy-kill"]').click(); document.querySelector("#drills [name=repeat]").value = "1"; document.querySelector("#drills form").requestSubmit(); })()`)
	b.Until("it measures", `document.querySelector("#drills .running")`)
	Eventually(t, 2*time.Minute, "the drill ends", func() (bool, string) {
		return js[bool](b, `document.querySelector("#drills .result pre") !== null`), js[string](b, `document.querySelector("#drills").innerText`)
	})
	if text := js[string](b, `document.querySelector("#drills .result pre").innerText`); !strings.Contains(text, "frontend/haproxy-kill") || !strings.Contains(text, "edge") {
		t.Errorf("the table is %q", text)
	}
	report := js[string](b, `(() => { const x = new XMLHttpRequest(); x.open("GET", document.querySelector(".links a").href, false); x.send(); return x.status + x.responseText; })()`)
	if !strings.HasPrefix(report, "200") || !strings.Contains(report, "Failover, measured") {
		t.Errorf("the report is %.200q", report)
	}
	lab.AwaitReady(t, 15*time.Second)
}

// hostile is a name that would be markup, a script and a turn of direction.
const hostile = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>\u202eevil"

// A recording that somebody else wrote is played as text, whatever its names are.
func TestLivePageDrawsHostileNamesAsText(t *testing.T) {
	chromium(t)
	sample := func(due int, node string) map[string]any {
		return map[string]any{"stream": "edge", "due": due * 1e6, "sent": due * 1e6, "done": due*1e6 + 1e6, "status": 200, "node": node}
	}
	state := map[string]any{"vrrp": hostile, "vips": []string{"192.168.99.10"}, "haproxy": "up", "servers": map[string]string{hostile: hostile},
		"faults": []map[string]any{{"id": "1", "fault": hostile, "since": "2026-01-01T00:00:00Z"}}}
	recording := map[string]any{
		"kind": hostile, "cluster": hostile, "target": hostile, "holder": hostile,
		"hello":   map[string]any{"mono": 0, "wall": 1e18},
		"streams": []map[string]any{{"name": "edge", "url": "http://192.168.99.10/haproxy-alive"}},
		"nodes":   []map[string]any{{"name": hostile, "cluster": hostile, "address": hostile, "mac": "02:00:00:00:00:01"}},
		"vips":    []map[string]any{{"cluster": hostile, "address": "192.168.99.10"}},
		"states":  map[string]any{hostile: state},
		"samples": []any{sample(0, hostile), sample(500, hostile), sample(1000, hostile)},
		"marks":   []map[string]any{{"name": "fault", "at": 2e8}},
		"events":  []map[string]any{{"mono": 1e8, "node": hostile, "event": "error", "detail": hostile, "state": state}},
	}
	doc, err := json.Marshal(map[string]any{"schema": 1, "lab": hostile, "scenarios": []any{map[string]any{
		"name": hostile, "description": hostile, "runs": []any{map[string]any{"recording": recording}}}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "drill.json")
	if err := os.WriteFile(file, doc, 0o644); err != nil {
		t.Fatal(err)
	}
	b := NewLab("e2e", "10.198.98").OpenPage(t, "--replay", file)
	b.Until("the run was played", `document.querySelector("#play").innerText === "Play" && document.querySelectorAll("#news li").length >= 2`)
	if made := js[int](b, `document.querySelectorAll("img, script:not([src])").length`); made > 0 || js[string](b, "document.title") == "owned" {
		t.Errorf("%d elements were made of names; the title is %q", made, js[string](b, "document.title"))
	}
	if text := js[string](b, "document.body.innerText"); !strings.Contains(text, "<img src=x") || strings.Contains(text, "\u202e") {
		t.Errorf("the names are not shown as text: %q", text)
	}
}

// The page says that its lab went away, and draws it when it is back.
func TestLivePageRecovers(t *testing.T) {
	Nightly(t)
	lab := NewLab(spareName, sparePrefix)
	lab.KeepOnFailure(t)
	lab.Run(t, "up")
	b := lab.OpenPage(t)
	b.Until("the lab is ready", `document.querySelector("#ready").innerText === "ready"`)
	lab.Run(t, "down")
	b.Until("it is said that the lab is not up", `document.querySelector("#banner").innerText.includes("is not up") && document.querySelector("#ready").innerText === "not up"`)
	lab.Run(t, "up")
	b.Until("the lab is drawn again", `document.querySelector("#banner").hidden && document.querySelectorAll(".node.holds").length === 2`)
	lab.Run(t, "down")
}
