package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// browserTime is the longest that anything asked of a browser takes, on a busy machine, too.
const browserTime = 2 * time.Minute

// browser is a Chromium without a window. It is spoken to by the DevTools protocol over a pair of
// pipes: https://chromedevtools.github.io/devtools-protocol.
type browser struct {
	t        testing.TB
	commands *os.File
	messages chan message
	asked    int
	target   string // the open page's
	session  string
	loaded   string // the last document
	faults   []string
	lost     bool // it did not answer
}

// message is an answer to a command, or an event.
type message struct {
	ID        int
	Method    string
	SessionID string
	Params    struct {
		Name, LoaderID   string                       // of a document's lifecycle
		Type             string                       // of a console call
		Args             []struct{ Value any }        // of a console call
		Entry            struct{ Level, Text string } // of the log
		Request          struct{ URL string }
		ExceptionDetails struct {
			Exception struct{ Description string }
			Text      string
		}
	}
	Result json.RawMessage
	Error  *struct{ Message string }
}

// startBrowser starts a browser that ends with the test. FLENGINE_REQUIRE_CHROMIUM makes the test
// fail where there is none.
func startBrowser(t testing.TB) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("no browser in a short test")
	}
	var path string
	err := exec.ErrNotFound
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if errors.Is(err, exec.ErrNotFound) {
			path, err = exec.LookPath(name)
		}
	}
	if err != nil && os.Getenv("FLENGINE_REQUIRE_CHROMIUM") != "" {
		t.Fatalf("no Chromium: %v", err)
	}
	if err != nil {
		t.Skip("no Chromium here")
	}
	home := must(os.MkdirTemp("", "flengine-browser-"))
	theirs, commands := pipe(t)
	events, answers := pipe(t)
	// The sandbox needs what containers lack. All that is opened is a page of ours.
	cmd := exec.Command(path, "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--user-data-dir="+home,
		"--no-first-run", "--hide-scrollbars", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions")
	cmd.Env = append(os.Environ(), "HOME="+home)
	cmd.ExtraFiles = []*os.File{theirs, answers} // 3 and 4
	var stderr bytes.Buffer                      // it says much that means nothing
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	answers.Close()
	b := &browser{t: t, commands: commands, messages: make(chan message, 1000)}
	go func() {
		defer close(b.messages)
		for r := bufio.NewReader(events); ; {
			raw, err := r.ReadBytes(0)
			if err != nil {
				return
			}
			var m message
			_ = json.Unmarshal(raw[:len(raw)-1], &m) // of other events what fits
			b.messages <- m
		}
	}()
	t.Cleanup(func() {
		commands.Close() // which ends it
		kill := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill(); events.Close() })
		for range b.messages { // until there are no more
		}
		cmd.Wait()
		kill.Stop()
		if b.lost {
			t.Logf("%s: %s", path, &stderr)
		}
		for range 50 { // processes of its own may write for a moment
			if os.RemoveAll(home) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	return b
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// next waits for a message, and notes what is wrong with the page.
func (b *browser) next(what string) message {
	b.t.Helper()
	select {
	case m, ok := <-b.messages:
		if b.lost = !ok; b.lost {
			b.t.Fatalf("%s: the browser has ended", what)
		}
		if m.SessionID != b.session { // a page of before
			return m
		}
		fault := ""
		switch p := &m.Params; m.Method {
		case "Page.lifecycleEvent":
			if p.Name == "load" {
				b.loaded = p.LoaderID
			}
		case "Runtime.consoleAPICalled":
			fault = fmt.Sprint("console: ", p.Type, p.Args)
		case "Runtime.exceptionThrown":
			fault = "exception: " + p.ExceptionDetails.Text + " " + p.ExceptionDetails.Exception.Description
		case "Log.entryAdded":
			fault = "log: " + p.Entry.Level + ": " + p.Entry.Text
		case "Network.requestWillBeSent":
			if !strings.HasPrefix(p.Request.URL, "file:") && !strings.HasPrefix(p.Request.URL, "data:") {
				fault = "request: " + p.Request.URL
			}
		}
		if fault != "" {
			b.faults = append(b.faults, fault)
		}
		return m
	case <-time.After(browserTime):
		b.lost = true
		b.t.Fatalf("%s: the browser says nothing for %v", what, browserTime)
	}
	panic("unreachable")
}

// ask sends a command and sets the result to its answer, unless it is nil.
func (b *browser) ask(method string, params map[string]any, result any) {
	b.t.Helper()
	b.asked++
	command := map[string]any{"id": b.asked, "method": method, "params": params}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	b.commands.SetWriteDeadline(time.Now().Add(browserTime))
	if _, err := b.commands.Write(append(must(json.Marshal(command)), 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	for {
		m := b.next(method)
		switch {
		case m.ID != b.asked:
			continue
		case m.Error != nil:
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		case result != nil:
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatalf("%s: %v in %s", method, err, m.Result)
			}
		}
		return
	}
}

// open opens a page in a new tab, in place of the last: on a medium, screen or print, of a width,
// for a reader who wants a color scheme.
func (b *browser) open(file, medium string, width int, scheme string) {
	b.t.Helper()
	var target struct{ TargetID, SessionID string }
	b.session = ""
	if b.target != "" {
		b.ask("Target.closeTarget", map[string]any{"targetId": b.target}, nil)
	}
	b.ask("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.ask("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.target, b.session, b.faults = target.TargetID, target.SessionID, nil
	for _, domain := range []string{"Runtime", "Log", "Network", "Page"} {
		b.ask(domain+".enable", nil, nil)
	}
	b.ask("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.ask("Emulation.setEmulatedMedia", map[string]any{"media": medium, "features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.ask("Page.setLifecycleEventsEnabled", map[string]any{"enabled": true}, nil)
	var document struct{ LoaderID, ErrorText string }
	b.ask("Page.navigate", map[string]any{"url": "file://" + filepath.ToSlash(must(filepath.Abs(file)))}, &document)
	if document.ErrorText != "" {
		b.t.Fatalf("%s: %s", file, document.ErrorText)
	}
	for b.loaded != document.LoaderID {
		b.next("loading " + file)
	}
}

// eval sets the result to the value of an expression in the page, or of a promise.
func (b *browser) eval(expression string, result any) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.ask("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &answer)
	if answer.ExceptionDetails != nil {
		b.t.Fatalf("%.200s: %s", expression, answer.ExceptionDetails)
	}
	if err := json.Unmarshal(answer.Result.Value, result); err != nil {
		b.t.Fatalf("%.200s: %v in %s", expression, err, answer.Result.Value)
	}
}
