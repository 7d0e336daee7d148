package adapt

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/source"
)

// talk is one connection of a check: where it goes and what is said on it.
type talk struct {
	port  int // 0: the server's own
	tls   bool
	proxy bool
	steps []agentapi.BehindStep
	asks  []agentapi.BehindAnswer // of HTTP
}

// connection reads "… connect port 443 ssl send-proxy".
func connection(words []source.Word) talk {
	var t talk
	for i, w := range words {
		switch w.Text {
		case "port":
			if i+1 < len(words) {
				t.port, _ = strconv.Atoi(words[i+1].Text)
			}
		case "ssl":
			t.tls = true
		case "send-proxy":
			t.proxy = true
		}
	}
	return t
}

// dialogs turns the steps of a tcp-check round: what HAProxy sends is waited for,
// and what it expects is said.
func dialogs(rules []facts.Option) ([]talk, []error) {
	list, problems, connected := []talk{{}}, []error{}, false
	fail := func(rule facts.Option, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", rule.Words[0].Pos, err))
		}
	}
	for _, rule := range rules {
		if rule.Name != "tcp-check" {
			continue
		}
		last := &list[len(list)-1]
		switch kind := rule.Words[1].Text; {
		case kind == "connect":
			if t := connection(rule.Words); connected || len(last.steps) > 0 {
				list = append(list, t)
			} else {
				list[0] = t
			}
			connected = true
		case strings.HasPrefix(kind, "send"):
			data, err := sent(kind, rule.Words)
			fail(rule, err)
			last.steps = append(last.steps, agentapi.BehindStep{Await: data})
		case kind == "expect":
			data, err := expected(rule.Words[2:])
			fail(rule, err)
			if n := len(last.steps); n == 0 {
				last.steps = append(last.steps, agentapi.BehindStep{Say: data})
			} else if !bytes.Contains(last.steps[n-1].Say, data) {
				last.steps[n-1].Say = append(last.steps[n-1].Say, data...)
			}
		}
	}
	return list, problems
}

// sent is what a step sends. What a log format puts in isn't known before.
func sent(kind string, words []source.Word) ([]byte, error) {
	if len(words) < 3 {
		return nil, nil
	}
	text := words[2].Text
	if strings.HasSuffix(kind, "-lf") && strings.Contains(text, "%") {
		before, _, _ := strings.Cut(text, "%")
		text = before
	}
	if strings.HasPrefix(kind, "send-binary") {
		return unhex(text)
	}
	return []byte(text), nil
}

func unhex(text string) ([]byte, error) {
	data, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no hexadecimal text", text)
	}
	return data, nil
}

// pattern reads what stands behind expect: options, "!", a kind, a text.
func pattern(words []source.Word) (kind, text string, not bool, rest []source.Word) {
	options := []string{"min-recv", "comment", "ok-status", "error-status", "tout-status", "on-success", "on-error", "status-code"}
	for i := 0; i < len(words); i++ {
		switch w := words[i].Text; {
		case slices.Contains(options, w):
			i++
		case w == "!":
			not = true
		default:
			if i+1 < len(words) {
				text = words[i+1].Text
			}
			return strings.TrimPrefix(w, "!"), text, not || w[:min(1, len(w))] == "!", words[i+1:]
		}
	}
	return "", "", not, nil
}

// expected is what satisfies an expect of a tcp-check.
func expected(words []source.Word) ([]byte, error) {
	kind, text, not, _ := pattern(words)
	binary := strings.Contains(kind, "binary")
	if not {
		return avoid(kind, text, binary)
	}
	switch kind {
	case "string":
		return []byte(text), nil
	case "binary":
		return unhex(text)
	case "rstring":
		s, err := sample(text)
		return []byte(s), err
	case "rbinary":
		s, err := sample(text)
		if err != nil {
			return nil, err
		}
		if len(s)%2 == 1 {
			s += "0"
		}
		return unhex(s)
	}
	return nil, fmt.Errorf("what satisfies %q is not known before HAProxy runs", kind)
}

// avoid is something that an expect with ! does not find.
func avoid(kind, text string, binary bool) ([]byte, error) {
	for _, candidate := range []string{"ok\r\n", "200\r\n", "+\r\n", "\r\n"} {
		in := candidate
		if binary {
			in = strings.ToUpper(hex.EncodeToString([]byte(candidate)))
		}
		found := strings.Contains(in, text)
		if strings.HasPrefix(kind, "r") {
			re, err := regexp.Compile(text)
			if err != nil {
				return nil, fmt.Errorf("the expression %s is not understood: %w", text, err)
			}
			found = re.MatchString(in)
		}
		if !found {
			return []byte(candidate), nil
		}
	}
	return nil, fmt.Errorf("nothing was found that has no %s", text)
}
