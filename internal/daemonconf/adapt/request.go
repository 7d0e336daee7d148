package adapt

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/source"
)

// requests are the connections of an httpchk, with what is asked on each and the
// answer that satisfies HAProxy.
func requests(p *facts.Proxy) ([]talk, []error) {
	list, problems := []talk{{}}, []error{}
	method, path := line(p.Check.Request)
	answer := agentapi.BehindAnswer{Method: method, Path: path}
	asked, open, connected := false, false, false
	end := func() {
		if open || !asked && len(list) == 1 {
			last := &list[len(list)-1]
			answer.Status = cmp.Or(answer.Status, 200)
			last.asks = append(last.asks, answer)
		}
		answer, open = agentapi.BehindAnswer{Method: method, Path: path}, false
	}
	for _, rule := range p.CheckRules {
		if rule.Name != "http-check" {
			continue
		}
		switch rule.Words[1].Text {
		case "connect":
			if open {
				end()
			}
			if t := connection(rule.Words); connected || asked {
				list = append(list, t)
			} else {
				list[0] = t
			}
			connected = true
		case "send":
			if open {
				end()
			}
			open, asked = true, true
			answer.Method, answer.Path = overridden(rule.Words, method, path)
		case "expect":
			open, asked = true, true
			if err := meet(&answer, rule.Words[2:]); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", rule.Words[0].Pos, err))
			}
		}
	}
	end()
	return list, problems
}

// line splits "GET /healthz HTTP/1.0".
func line(request string) (method, path string) {
	words := append(strings.Fields(request), "", "")
	return cmp.Or(words[0], "OPTIONS"), cmp.Or(words[1], "/")
}

// overridden is what "http-check send meth GET uri /healthz" asks.
func overridden(words []source.Word, method, path string) (string, string) {
	for i := 2; i+1 < len(words); i++ {
		switch words[i].Text {
		case "meth":
			method = words[i+1].Text
		case "uri":
			path = words[i+1].Text
		case "uri-lf": // what a log format puts in isn't known before
			path, _, _ = strings.Cut(words[i+1].Text, "%")
		}
	}
	return method, path
}

// meet makes an answer satisfy an expect, beside those before it.
func meet(a *agentapi.BehindAnswer, words []source.Word) error {
	err := satisfy(a, words)
	for i, w := range words {
		if n, bad := strconv.Atoi(w.Text); bad == nil && i > 0 && words[i-1].Text == "min-recv" {
			a.Body += strings.Repeat(" ", max(0, n-len(a.Body)))
		}
	}
	return err
}

func satisfy(a *agentapi.BehindAnswer, words []source.Word) error {
	kind, text, not, rest := pattern(words)
	switch kind {
	case "status", "rstatus":
		status, err := statusFor(kind, text, not)
		a.Status = status
		return err
	case "string", "rstring", "string-lf":
		if not {
			body, err := avoid(kind, text, false)
			if a.Body == "" {
				a.Body = string(body)
			}
			return err
		}
		if kind == "string" {
			a.Body += text
			return nil
		}
		if kind == "string-lf" {
			return fmt.Errorf("what satisfies %q is not known before HAProxy runs", kind)
		}
		body, err := sample(text)
		a.Body += body
		return err
	case "hdr", "fhdr":
		if not {
			return nil // a header that is not sent is not found
		}
		name, value, err := headerFor(rest)
		if a.Headers == nil {
			a.Headers = map[string]string{}
		}
		a.Headers[name] = value
		return err
	}
	return fmt.Errorf("an answer to expect %q is not known", kind)
}

// statusFor is a status that fits "200,204", "200-399" or an expression.
func statusFor(kind, text string, not bool) (int, error) {
	fits := func(status int) bool {
		for one := range strings.SplitSeq(text, ",") {
			low, high, ranged := strings.Cut(one, "-")
			a, _ := strconv.Atoi(low)
			b := a
			if ranged {
				b, _ = strconv.Atoi(high)
			}
			if a <= status && status <= b {
				return true
			}
		}
		return false
	}
	if kind == "rstatus" {
		re, err := regexp.Compile(text)
		if err != nil {
			return 0, fmt.Errorf("the expression %s is not understood: %w", text, err)
		}
		fits = func(status int) bool { return re.MatchString(strconv.Itoa(status)) }
	}
	if fits(200) != not {
		return 200, nil
	}
	for status := 201; status < 600; status++ {
		if fits(status) != not {
			return status, nil
		}
	}
	return 0, fmt.Errorf("no status fits %q", text)
}

// headerFor reads `name [-m METHOD] NAME [value [-m METHOD] VALUE]`.
func headerFor(words []source.Word) (name, value string, err error) {
	value = "1"
	for i := 0; i < len(words); i++ {
		key, method := words[i].Text, "str"
		if key != "name" && key != "value" || i+1 >= len(words) {
			continue
		}
		i++
		if words[i].Text == "-m" && i+2 < len(words) {
			method, i = words[i+1].Text, i+2
		}
		text := words[i].Text
		if method == "reg" {
			if text, err = sample(text); err != nil {
				return "", "", err
			}
		}
		if key == "name" {
			name = text
		} else {
			value = text
		}
	}
	return name, value, nil
}
