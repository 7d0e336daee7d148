package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Browser is a headless Chromium with one page open.
type Browser struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// chromium finds the browser; a machine without one skips the test.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium here: scripts/prepare test installs Debian's")
	return ""
}

// OpenPage runs halab ui and opens its page. What the browser complains of (errors,
// exceptions, what its policy forbade) fails the test at its end.
func (l *Lab) OpenPage(t *testing.T, args ...string) *Browser {
	t.Helper()
	path := chromium(t)
	p := l.Start(t, append([]string{"ui", "--json", "--listen", "127.0.0.1:0"}, args...)...)
	var at struct{ URL string }
	Eventually(t, 10*time.Second, "the page is served", func() (bool, string) {
		return json.Unmarshal([]byte(p.Output()), &at) == nil && at.URL != "", p.Output() + p.err.String()
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		// Not even a mistake in the page asks another machine.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's own refuses root
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // of events newer than the library
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, runTime)
	t.Cleanup(cancel)
	b := &Browser{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, b.listen)
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.complaints {
			t.Errorf("the browser complains: %s", c)
		}
	})
	b.do(log.Enable(), chromedp.EmulateViewport(1280, 800), chromedp.Navigate(at.URL))
	return b
}

func (b *Browser) listen(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Error()
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			text = e.Entry.Text + " " + e.Entry.URL
		}
	}
	if text != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.complaints = append(b.complaints, text)
	}
}

func (b *Browser) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// js evaluates an expression in the page.
func js[T any](b *Browser, expression string) T {
	b.t.Helper()
	var v T
	b.do(chromedp.Evaluate(expression, &v))
	return v
}

// Until waits until an expression is true in the page; what it names need not be there
// yet.
func (b *Browser) Until(what, expression string) {
	b.t.Helper()
	Eventually(b.t, 20*time.Second, what, func() (bool, string) {
		return js[bool](b, "(() => { try { return !!("+expression+") } catch { return false } })()"), js[string](b, "document.body.innerText")
	})
}

// Key presses a key, as somebody does who has no mouse.
func (b *Browser) Key(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.do(chromedp.KeyEvent(k))
	}
}

// Holds says by an expression that a node has its VIP in the picture.
func Holds(node string) string {
	return fmt.Sprintf(`document.querySelector('[data-node="%s"].holds') && document.querySelector(".ready")`, node)
}

// Shot keeps a picture of the page in dist/e2e, at a width and in a colour scheme.
func (b *Browser) Shot(width, height int64, scheme string) {
	b.t.Helper()
	var png []byte
	b.do(chromedp.EmulateViewport(width, height), media(scheme), chromedp.Sleep(500*time.Millisecond), chromedp.CaptureScreenshot(&png))
	folder := filepath.Join("..", "..", "dist", "e2e", strings.ReplaceAll(b.t.Name(), "/", "-"))
	err := os.MkdirAll(folder, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d-%s.png", width, scheme)), png, 0o644)
	}
	if err != nil {
		b.t.Error(err)
	}
}

func media(scheme string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}})
}
