#!/bin/sh
# asks HAProxy itself, not the servers behind it
exec curl -sf --max-time 1 -o /dev/null http://127.0.0.1:9090/alive
