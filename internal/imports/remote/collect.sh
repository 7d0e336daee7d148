# shellcheck shell=sh disable=SC2154
# Runs on a host for `halab import`, read by `sh -s` from ssh: answers requests, a
# line each, about files and the machine. It writes nothing there, and no secret
# that it knows leaves it. halab puts two variables before it: redact, the text of
# redact.awk, and salt, random and the same for all hosts of one import.
#
# An answer is lines whose first character says what they are, and a line ".".
#
# bash before 5.1 puts here-documents into files, so there are none.

nl='
'
tab='	'
taught= # pairs of lines: a secret, its digests
words=  # the secrets alone
most=300

tell() { printf '%s\n' "$1"; }

# digests gives a word's digest, and before it that of its first eight bytes, which
# are all of auth_pass that VRRP takes. redact.awk makes a word of them.
digests() {
	rest=${1#????????}
	[ "$rest" = "$1" ] || digest "${1%"$rest"}"
	digest "$1"
}

digest() {
	sum=$(printf '%s' "$salt$1" | sha256sum)
	printf '%s ' "${sum%% *}"
}

# hide COMMAND…: what the command prints, with all secrets replaced.
hide() {
	new=$("$@" | awk -v mode=find -v all="$all" "$redact")
	set -f
	IFS=$nl
	count=0
	for word in $new; do
		count=$((count + 1))
	done
	if [ "$count" -le "$most" ]; then
		for word in $new; do
			case "$nl$words$nl" in
			*"$nl$word$nl"*) continue ;;
			esac
			words=$words$nl$word
			taught=$taught$word$nl$(digests "$word")$nl
		done
	fi
	unset IFS
	set +f
	if [ "$count" -gt "$most" ]; then
		tell "xit has more than $most words that look like secrets"
		return
	fi
	{
		tell "$taught"
		"$@"
	} | awk -v mode=hide -v all="$all" "$redact"
}

# entry ROOT PATH: what is at a path: "=KIND MODE OWNER GROUP SIZE", or why not.
entry() {
	if why=$(ls -dL -- "$1$2" 2>&1 >/dev/null); then
		kind=other
		[ ! -d "$1$2" ] || kind=folder
		[ ! -f "$1$2" ] || kind='file'
		tell "=$kind $(stat -Lc '%a %U %G %s' -- "$1$2")"
		return
	fi
	case $why in
	*[Pp]ermission*) tell "xPermission denied" ;;
	*) tell "xNo such file or directory" ;;
	esac
	return 1
}

# content ROOT PATH: a file's text.
content() {
	entry "$1" "$2" || return
	file=$1$2
	if [ "$kind" = folder ]; then
		for inside in "$file"/*; do
			[ ! -e "$inside" ] || tell "/${inside##*/}"
		done
		[ -r "$file" ] || tell 'xPermission denied'
	elif [ "$kind" = other ]; then
		tell 'xit is no regular file'
	elif [ ! -r "$file" ]; then
		tell 'xPermission denied'
	elif [ "$(stat -Lc %s -- "$file")" -gt 4194304 ]; then
		tell 'xit has more than 4 MB'
	elif [ "$(tr -dc '\000-\010\016-\032\034-\037' <"$file" | wc -c)" -ne 0 ]; then
		tell 'xit is binary'
	else
		hide cat -- "$file"
		[ -z "$(tail -c 1 -- "$file")" ] || tell '-'
	fi
}

# matches ROOT PATTERN: what a pattern fits.
matches() {
	IFS=
	for one in "$1"$2; do
		[ ! -e "$one" ] || tell "/${one#"$1"}"
	done
	unset IFS
}

# program ROOT NAME: where a command is, by its path or by PATH, or why that can't
# be known.
program() {
	case $2 in
	*/*) if entry "$1" "$2"; then tell "+$2"; fi ;;
	*)
		for dir in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
			[ ! -x "$1$dir/$2" ] || { tell "+$dir/$2" && break; }
		done
		;;
	esac
}

zeros() { tr '\000' '\n' <"$1"; }

# daemon FOLDER NAME: a process that runs: "dNAME PID PARENT USER", its version,
# the root of its files where that is not the machine's, its words.
daemon() {
	parent=0 uid=0
	while read -r field value rest; do
		case $field in
		PPid:) parent=$value ;;
		Uid:) uid=${rest%%"$tab"*} ;;
		esac
	done <"$1/status"
	user=$(id -nu "$uid" 2>/dev/null) || user=$uid
	tell "d$2 ${1#/proc/} $parent $user"
	root=
	mine=$(readlink /proc/self/ns/mnt) && its=$(readlink "$1/ns/mnt") && [ "$mine" = "$its" ] || root=$1/root
	[ -r "$root/etc" ] || root=
	[ -z "$root" ] || tell "r$root"
	mine=$(readlink /proc/self/ns/net) && its=$(readlink "$1/ns/net") && [ "$mine" != "$its" ] && tell "o"
	where=$(readlink "$1/cwd") && tell "w$where"
	if [ -n "$root" ]; then
		nsenter -t "${1#/proc/}" -m -- "$2" -v
	elif [ -x "$1/exe" ]; then
		"$1/exe" -v
	else
		"$2" -v
	fi 2>&1 | sed -n '/[0-9]\.[0-9]/{s/^/v/p;q;}'
	hide zeros "$1/cmdline" | sed -n 's/^|/a/p'
} 2>/dev/null

daemons() {
	for process in /proc/[0-9]*; do
		comm=
		read -r comm <"$process/comm"
		case $comm in
		haproxy | keepalived) daemon "$process" "$comm" ;;
		esac
	done 2>/dev/null
	for name in haproxy keepalived; do
		if command -v "$name" >/dev/null 2>&1; then
			tell "i$name"
			"$name" -v 2>&1 | sed -n '/[0-9]\.[0-9]/{s/^/v/p;q;}'
		fi
	done
}

about() {
	tell "h$(uname -n)"
	tell "k$(uname -sr)"
	tell "u$(id -nu)"
	{ sed -n 's/^PRETTY_NAME="*\([^"]*\)"*$/o\1/p' /etc/os-release; } 2>/dev/null
	command -v sha256sum >/dev/null || tell 'xsha256sum'
	command -v awk >/dev/null || tell 'xawk'
	if command -v ip >/dev/null; then
		ip -o link show | sed 's/^/l/'
		ip -o address show | sed 's/^/A/'
		{
			ip route show
			ip -6 route show
		} 2>/dev/null | sed 's/^/R/'
	else
		tell 'xip'
	fi
	# A setting can be read once, from its beginning; read(1) of dash takes it a
	# character a call.
	cd /proc/sys && grep -s '' /dev/null net/ipv4/ip_nonlocal_bind net/ipv6/ip_nonlocal_bind net/ipv4/ip_forward \
		net/ipv4/conf/*/arp_ignore net/ipv4/conf/*/arp_announce net/ipv4/conf/*/arp_notify net/ipv4/conf/*/rp_filter \
		net/ipv4/conf/*/promote_secondaries net/ipv6/conf/*/disable_ipv6 net/ipv6/conf/*/accept_dad \
		net/ipv4/tcp_retries2 net/ipv4/tcp_syn_retries net/ipv4/ip_local_port_range net/core/somaxconn | sed 's/^/s/'
	cd /
}

main() {
	LC_ALL=C
	PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
	export LC_ALL PATH
	cd /
	tell 'halab-import 1'
	while IFS=$tab read -r verb root path; do
		all=
		[ "$root" != / ] || root=
		case $verb in
		about) about ;;
		daemons) daemons ;;
		file) content "$root" "$path" ;;
		keys) all=1 && content "$root" "$path" ;;
		entry) entry "$root" "$path" ;;
		glob) matches "$root" "$path" ;;
		program) program "$root" "$path" ;;
		user) id -u "$path" 2>/dev/null ;;
		esac </dev/null
		tell .
	done
}

main
