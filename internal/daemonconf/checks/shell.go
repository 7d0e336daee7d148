package checks

import (
	"regexp"
	"strings"
)

var (
	swallowed = regexp.MustCompile(`(?:\|\||;)\s*(?:echo|true|:|exit\s+0|printf|logger)(?:\s[^&|;]*)?$`)
	counted   = regexp.MustCompile(`\|\s*(?:wc|cat|tee|head|tail|awk|sed|sort|logger|cut|tr)(?:\s[^|&;]*)?$`)
	itself    = regexp.MustCompile(`\bps\s[^|]*\|\s*e?grep\s+(?:-\S+\s+)*["']?(\w+)["']?\s*(?:>\s*/dev/null\s*(?:2>&1)?)?\s*$`)
	canFail   = regexp.MustCompile(`\bexit\s+(?:[1-9]|\$|-1|")|\breturn\s+[1-9]|\bset\s+-\w*e|\bfalse\b|\bexec\s`)
	harmless  = regexp.MustCompile(`^(?:exit\s+0|exit|true|:|echo\b.*|printf\b.*|logger\b.*|fi|done|esac|\}|return\s+0)$`)
	byName    = regexp.MustCompile(`\bpgrep\s+(?:-\w+\s+)*-\w*f\w*\s+(?:-\w+\s+)*["']?([\w./-]+)`)
)

// neverFails says why a shell's text ends with 0 whatever it finds.
//
// `nc -z 127.0.0.1 443 || echo 1` prints 1 and ends with echo's 0;
// `pgrep haproxy | wc -l` ends with wc's. alone says that the text is a whole script
// and that its code is all that it has: it does not give the VIP away by what it does.
func neverFails(text string, alone bool, program string) string {
	lines := meaningful(text)
	if len(lines) == 0 {
		return "the script does nothing"
	}
	last := lines[len(lines)-1]
	if m := byName.FindStringSubmatch(text); m != nil && strings.Contains(program, m[1]) {
		return "pgrep -f " + m[1] + " finds the script itself, whose name has " + m[1] + " in it"
	}
	if m := itself.FindStringSubmatch(last); m != nil && !strings.Contains(last, "grep -v") {
		return "ps | grep " + m[1] + " finds the grep itself"
	}
	if canFail.MatchString(text) {
		return ""
	}
	switch {
	case swallowed.MatchString(last):
		return "what follows the test ends with 0 whatever the test said: " + strings.TrimSpace(swallowed.FindString(last))
	case counted.MatchString(last):
		return "a pipe ends as its last command does, and " + strings.TrimSpace(strings.TrimPrefix(counted.FindString(last), "|")) + " ends with 0"
	case alone && harmless.MatchString(last):
		return "no way through the script ends with anything but 0"
	}
	return ""
}

// meaningful are the lines that are commands.
func meaningful(text string) []string {
	var list []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

var (
	noSpaceEnd = regexp.MustCompile(`(?:if|while|&&|\|\||^|;)\s*!?\s*\[\s[^\]\n]*[^\s\]]\](?:\s|;|$)`)
	noSpaceIn  = regexp.MustCompile(`(?:if|elif|while)\s+!?\s*\[[^\s\[]`)
	noSpaceEq  = regexp.MustCompile(`\[\s+["']?\$[\w{(][^\s\]]*=[^\s\]]*\s+\]`)
)

// slip finds a test that a missing space makes always true or always false.
func slip(text string) string {
	for _, line := range meaningful(text) {
		switch {
		case strings.Contains(line, "[["):
		case noSpaceEq.MatchString(line):
			return "without spaces around = the test is one word, which is always true: " + line
		case noSpaceIn.MatchString(line):
			return "without a space after [ the shell looks for a command of that name, and the test is always false: " + line
		case noSpaceEnd.MatchString(line):
			return "without a space before ] the test is an error, which counts as false: " + line
		}
	}
	return ""
}
