#!/bin/sh
fail() {
    echo "check: $*" >&2
    exit 1
}
curl -sfk --max-time 2 https://localhost:8443/readyz -o /dev/null || fail "no answer on localhost"
if ip addr | grep -q 192.0.2.10; then
    curl -sfk --max-time 2 https://192.0.2.10:8443/readyz -o /dev/null || fail "no answer on the VIP"
fi
