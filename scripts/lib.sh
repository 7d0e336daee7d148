# Shared by the scripts of this folder; sourced, never run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }

die() {
	local line
	for line in "$@"; do say "$line"; done
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# version_at_least HAVE WANT: dotted versions, compared number by number.
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# go_wanted: the version of Go that go.mod asks for.
go_wanted() { sed -n 's/^go //p' "$root/go.mod"; }

# go_version GO: what a go command is, asked where no go.mod makes it another.
go_version() { (cd / && GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) | sed 's/^go//'; }

# go_toolchain GO: the folder into which `go mod download` puts the wanted Go.
go_toolchain() {
	local cache platform
	cache=$(cd / && GOTOOLCHAIN=local "$1" env GOMODCACHE) || return 1
	platform=$(cd / && GOTOOLCHAIN=local "$1" env GOOS GOARCH | paste -sd - -) || return 1
	printf '%s/golang.org/toolchain@v0.0.1-go%s.%s\n' "$cache" "$(go_wanted)" "$platform"
}

# find_go: the path of a go command that can build halab. A Go from 1.21 on
# fetches a newer one by itself, unless it is told not to.
find_go() {
	local go version folder
	go=$(command -v go) || return 1
	version=$(go_version "$go")
	if version_at_least "$version" "$(go_wanted)"; then
		printf '%s\n' "$go"
		return
	fi
	folder=$(go_toolchain "$go") || return 1
	[ -x "$folder/bin/go" ] && printf '%s\n' "$folder/bin/go"
}

# engine_answers: a Docker Engine is there, whoever started it, and may be used.
engine_answers() {
	if have docker; then
		timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
	elif have curl; then
		timeout 20 curl -fs --unix-socket /var/run/docker.sock http://engine/_ping >/dev/null 2>&1
	else
		[ -S /var/run/docker.sock ]
	fi
}
