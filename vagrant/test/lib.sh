# Shared by the scripts of this folder; sourced, never run.
# shellcheck shell=bash disable=SC1091

. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

: "${HALAB_TEST_BEGAN:=$(date +%s)}" # seconds since 1970

# lap TEXT…: says it, with the seconds since the test began.
lap() { say "[$(printf %4d $(($(date +%s) - HALAB_TEST_BEGAN))) s] $*"; }

# await SECONDS COMMAND…: until the command succeeds.
await() {
	local end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$end" ] || return 1
		sleep 0.25
	done
}
