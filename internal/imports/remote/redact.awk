# Finds the secrets of a text, line by line, or puts others in their place.
#
# mode=find prints each secret once. mode=hide first reads pairs of lines, a
# secret and its digests, up to an empty line, then the text; it prints each line
# behind a "|" and, after a line that it changed, "!" and what was there. Both run
# the same rules, so that what one finds the other knows.
#
# With mode=hide and all=1 every word is a secret: a file of session keys.
# Written for any awk (mawk 1.3 has no {n} and no [:classes:] in patterns).

BEGIN {
	gap = "[ \t]+"
	name = "[a-z0-9_.-]*(passw|passphrase|pass|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key|credential)[a-z0-9_.-]*"
	header = "(proxy-)?authorization|cookie|private-token|api-?key|x-[a-z0-9-]*(auth|token|key|secret)[a-z0-9-]*"
	scheme = "((basic|bearer|digest|token|apikey)[ \t\\\\]+)?"
	if (mode == "hide")
		while ((getline secret) > 0 && secret != "") {
			getline
			stands[secret] = other(secret)
		}
}

{
	line = open = $0
	low = tolower(open)
	said = ""
	split("", at)
	if (!key() && !certificate())
		rules()
	if (mode == "hide")
		print "|" written() said
}

# other makes a word as long as a secret of its digests. Its first eight characters
# follow from the first eight of the secret alone. A number in hexadecimal stays
# one; other words are of letters that are base64, padded or not.
function other(secret,   head, tail, words) {
	words = split($0, part, " ")
	head = letters(substr(secret, 1, 8), part[1])
	tail = part[words]
	while (length(tail) < length(secret))
		tail = tail tail
	return substr(substr(head, 1, 8) letters(secret, tail), 1, length(secret))
}

function letters(secret, hex,   i, out) {
	if (secret !~ /[^0-9a-fA-F]/)
		return hex
	for (i = 1; i <= length(hex); i++)
		out = out substr("AEIMQUYcgkosw048", index("0123456789abcdef", substr(hex, i, 1)), 1)
	return out
}

# key drops the lines of a private key; nothing of it is ever printed. One
# without an end goes on to the end of the text.
function key() {
	if (!inkey && line !~ /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/)
		return 0
	if (!inkey)
		say("private key")
	inkey = line !~ /-----END [A-Z0-9 ]*PRIVATE KEY/
	line = ""
	return 1
}

# certificate passes by the lines of a public block, which look like secrets.
# Whatever is no line of such a block ends it.
function certificate() {
	if (line ~ /^-----BEGIN [A-Z0-9 ]*-----[ \t\r]*$/)
		return inside = 1
	if (!inside)
		return 0
	inside = line ~ /^[A-Za-z0-9+\/=]+\r?$/
	return inside || line ~ /^-----END [A-Z0-9 ]*-----[ \t\r]*$/
}

function rules() {
	if (all) {
		each("[^ \t\r]+", "session key")
		return
	}
	after("(^|[ \t])(auth_pass|insecure-password|cluster-secret|dynamic-cookie-key)" gap, " \t\r", "password")
	after("(^[ \t#!]*|user[ \t]+[^ \t]+[ \t]+(groups[ \t]+[^ \t]+[ \t]+)?)password" gap, " \t\r", "password")
	after("stats" gap "auth" gap "[^: \t]+:", " \t\r", "password")
	url()
	after("(" header ")[\"']?[ \t\\\\]*:[ \t\\\\]*" scheme, " \t\r\"'\\", "header")
	after("(set-header|add-header|replace-header|hdr)" gap "(" header ")" gap "[\"']?" scheme, " \t\r\"'\\", "header")
	compared()
	after(name "\\\\?[\"']?[ \t]*(:|=|:=|==|!=)[ \t]*", " \t\r;&|)}],\"'", "password or token")
	after("setenv" gap name gap, " \t\r", "variable")
	after("--[a-z-]*(pass|passwd|password|token|secret|api-?key)[ \t]+", " \t\r;&|)", "password or token")
	after("[ \t](-u|--user|--proxy-user)[ \t=]*[\"']?[a-z0-9_.@-]+:", " \t\r\"'", "login") # not -u UID:GID
	after("(mysql|mariadb)[a-z-]*[ \t].*[ \t]-p", " \t\r\"';|&)", "password")
	after("(redis-cli.*[ \t]-a|sshpass[ \t]+-p|ldap[a-z]+[ \t].*[ \t]-w|snmp[a-z]+[ \t].*[ \t]-[cax])[ \t]*", " \t\r;|&)", "password")
	after("(jwt_verify|hmac)\\([^,)]*,[ \t]*", " \t\r,)", "key")
	if (low ~ /tcp-check[ \t]+send/)
		redis()
	if (low !~ /(send-binary|expect[ \t]+(! *)?r?binary)[ \t]/)
		random()
	known()
}

# after takes the word behind each place that a pattern fits: up to a character
# of stop, or, where it begins with a quote, up to the next one.
function after(pattern, stop, what,   from) {
	for (from = 1; from <= length(low) && match(substr(low, from), pattern); ) {
		from += RSTART - 1 + RLENGTH
		word(from, stop, what)
	}
}

function word(p, stop, what,   c, end) {
	c = substr(open, p, 1)
	if (c == "\1")
		return # another rule was here
	if (c == "\\" && substr(open, p + 1, 1) ~ /["']/)
		c = substr(open, ++p, 1)
	if (c == "\"" || c == "'") {
		stop = c "\\\r"
		p++
	}
	for (end = p; end <= length(open); end++) {
		c = substr(open, end, 1)
		if (index(stop, c))
			break
		if (c == "\\" && end < length(open))
			end++
	}
	value(p, end - p, what)
}

# value takes what is a secret's own: not a variable, a sample or a path.
function value(p, n, what,   text, c) {
	text = substr(open, p, n)
	if (text ~ /^\$[a-z0-9]+\$/) { # of crypt(3): $6$salt$hash; the first part says how
		crypted(p, n, what)
		return
	}
	if (text ~ /^[$`(%{<]/ || text ~ /^\/.*\// || what == "login" && text ~ /^[0-9]?[0-9]?[0-9]?[0-9]?[0-9]$/)
		return
	while (n > 0 && substr(open, p + n - 1, 1) == "=")
		n-- # the padding of base64
	hide(p, n, what)
}

function crypted(p, n, what,   end, part, first, c) {
	end = p + n
	p++
	for (first = 1; p < end; first = 0) {
		n = index(substr(open, p, end - p), "$")
		n = n ? n - 1 : end - p
		part = substr(open, p, n)
		if (!first && part !~ /^(rounds=.*|[0-9][0-9])$/)
			hide(p, n, what)
		p += n + 1
	}
}

# hide marks n characters: \1 stands for them while other rules look.
function hide(p, n, what,   i, from, fill) {
	for (i = p; i < p + n; i = from + 1) {
		for (from = i; from < p + n && substr(open, from, 1) != "\1"; from++)
			fill = fill "\1"
		if (from > i) {
			at[i] = from - i
			if (mode == "find")
				found(substr(line, i, from - i))
		}
	}
	if (fill == "")
		return
	open = substr(open, 1, p - 1) repeated(n) substr(open, p + n)
	low = tolower(open)
	say(what)
}

function repeated(n,   s) {
	for (s = "\1"; length(s) < n; )
		s = s s
	return substr(s, 1, n)
}

function found(secret) {
	if (!printed[secret]++)
		print secret
}

function say(what) {
	if (!index(said "\n", "\n!" what "\n"))
		said = said "\n!" what
}

# written is the line with everything that is hidden replaced.
function written(   i, out, from, secret) {
	from = 1
	for (i = 1; i <= length(line); i++)
		if (i in at) {
			secret = substr(line, i, at[i])
			out = out substr(line, from, i - from) (secret in stands ? stands[secret] : repeated(at[i]))
			from = i + at[i]
			i = from - 1
		}
	return out substr(line, from)
}

# each takes everything that fits a pattern.
function each(pattern, what,   from, n) {
	for (from = 1; from <= length(open) && match(substr(open, from), pattern); from += n) {
		from += RSTART - 1
		n = RLENGTH
		value(from, n, what)
	}
}

# url takes the password of scheme://user:password@host.
function url(   from, n, colon) {
	for (from = 1; from <= length(open) && match(substr(open, from), /:\/\/[^\/@: \t"'\\]*:[^\/@ \t"']+@/); from += n) {
		from += RSTART - 1
		n = RLENGTH
		colon = index(substr(open, from + 3), ":")
		value(from + 3 + colon, n - 4 - colon, "password")
	}
}

# compared takes the words that a header, cookie or parameter with a telling name
# is compared with: acl ok req.hdr(x-api-key) -m str WORD.
function compared(   p, c, n, text) {
	if (!match(low, /(hdr|fhdr|hdr_[a-z]+|cook|cook_[a-z]+|urlp|urlp_[a-z]+|url_param)\([^)]*(auth|token|key|secret|passw|session)[^)]*\)[^ \t]*/))
		return
	p = RSTART + RLENGTH
	while (p <= length(open) && match(substr(open, p), /[^ \t\r"']+/)) {
		p += RSTART - 1
		n = RLENGTH
		text = substr(low, p, n)
		if (text ~ /^([}]|if|unless|or|[|][|])$/)
			return
		if (text !~ /^(-[a-z]|str|beg|end|sub|reg|dir|dom|len|found|bool|int|bin|ip|!|[{]|basic|bearer)$/ && substr(low, 1, p - 1) !~ /-[fmM][ \t]+$/)
			value(p, n, "header")
		p += n
	}
}

# redis takes the words behind AUTH of a check: tcp-check send AUTH\ word\r\n, the
# same in quotes or by Redis's protocol (AUTH\r\n$4\r\nword\r\n), and in binary.
function redis(   p, c, from, quotes) {
	if (low ~ /send-binary/ && match(low, /41555448[0-9a-f]+/))
		value(RSTART + 8, RLENGTH - 8, "password")
	if (!match(low, /[ \t"'n]auth(\\r\\n\$[0-9]+\\r\\n|\\?[ \t]+|\\x20)/))
		return
	quotes = substr(low, 1, RSTART)
	quotes = gsub(/["']/, "", quotes) % 2
	for (from = p = RSTART + RLENGTH; p <= length(low) + 1; p++) {
		c = substr(low, p, 1)
		if (c == "\\" && substr(low, p + 1, 1) !~ /[rnx ]/) {
			p++
			continue
		}
		if (c != "" && !index(" \t\"'\\\r", c))
			continue
		value(from, p - from, "password")
		if (c == "\\" && substr(low, p + 1, 1) == " ")
			p++
		else if (c == "" || c !~ /[ \t]/ || !quotes)
			return
		from = p + 1
	}
}

# known takes every place where a secret of another line stands again, in a
# comment for instance. Short ones and plain words may mean something else there.
function known(   secret, p) {
	for (secret in stands)
		if (length(secret) >= 8 && secret ~ /[^A-Za-z]/)
			while (p = index(open, secret))
				hide(p, length(secret), "seen elsewhere as a secret")
}

# random takes words that look like nothing but a token: long, and changing
# between small letters, capitals and digits all the time.
function random(   from, n, text, i, c, kind, last, turns, digits) {
	for (from = 1; from <= length(open) && match(substr(open, from), /[A-Za-z0-9_+-]+/); from += n) {
		from += RSTART - 1
		n = RLENGTH
		if (n < 20)
			continue
		text = substr(open, from, n)
		turns = digits = 0
		last = ""
		for (i = 1; i <= n; i++) {
			c = substr(text, i, 1)
			kind = c ~ /[0-9]/ ? "9" : c ~ /[a-z]/ ? "a" : c ~ /[A-Z]/ ? "A" : last
			turns += kind != last
			digits += kind == "9" && c ~ /[0-9]/
			last = kind
		}
		if (digits && turns * 5 >= n * 2 || n >= 32 && text ~ /^[0-9a-fA-F-]+$/)
			hide(from, n, "looks like a token")
	}
}
