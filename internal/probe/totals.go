package probe

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"halab/internal/agentapi"
)

// statsTimeout bounds the reading of one HAProxy's counters.
const statsTimeout = time.Second

// maxStats is the largest statistics page that is read.
const maxStats = 1 << 20

// maxCount is more than any counter can be, and little enough that the sums of
// a whole page have room.
const maxCount = 1 << 40

// readTotals asks every HAProxy for its counters, all at once.
func readTotals(ctx context.Context, urls []string) []agentapi.HAProxyTotals {
	totals := make([]agentapi.HAProxyTotals, len(urls))
	var all sync.WaitGroup
	for i, u := range urls {
		all.Go(func() {
			totals[i] = readTotal(ctx, u)
		})
	}
	all.Wait()
	return totals
}

func readTotal(ctx context.Context, url string) agentapi.HAProxyTotals {
	total := agentapi.HAProxyTotals{URL: url}
	body, err := fetch(ctx, url)
	if err == nil {
		total, err = parseTotals(bytes.NewReader(body))
		total.URL = url
	}
	if err != nil {
		total.Failed = err.Error()
	}
	return total
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	target, err := parseTarget(ctx, url)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, statsTimeout)
	defer cancel()
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp4", target.addr.String())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(statsTimeout)); err != nil {
		return nil, err
	}
	if _, err := c.Write(target.request); err != nil {
		return nil, err
	}
	var b []byte
	chunk := make([]byte, 16<<10)
	for {
		n, err := c.Read(chunk)
		b = append(b, chunk[:n]...)
		r, state := parseReply(b, err == io.EOF)
		switch {
		case state == replyComplete && r.status != 200:
			return nil, fmt.Errorf("%s answers %d", url, r.status)
		case state == replyComplete:
			return r.body, nil
		case state == replyBad || len(b) > maxStats:
			return nil, fmt.Errorf("what %s answers is no HTTP answer of at most %d bytes", url, maxStats)
		case err != nil:
			return nil, err
		}
	}
}

// parseTotals sums the counters of HAProxy's CSV over its servers; the columns
// are described in HAProxy's management guide, section 9.1. wretr and wredis
// count what was repeated at the same and at another server, econ and eresp
// what failed.
func parseTotals(r io.Reader) (agentapi.HAProxyTotals, error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = -1
	lines.LazyQuotes = true
	header, err := lines.Read()
	if err != nil {
		return agentapi.HAProxyTotals{}, fmt.Errorf("HAProxy's statistics have no first line: %w", err)
	}
	column := map[string]int{}
	for i, name := range header {
		column[strings.TrimPrefix(name, "# ")] = i
	}
	for _, name := range []string{"svname", "econ", "eresp", "wretr", "wredis"} {
		if _, found := column[name]; !found {
			return agentapi.HAProxyTotals{}, fmt.Errorf("HAProxy's statistics have no column %s", name)
		}
	}
	var total agentapi.HAProxyTotals
	for {
		fields, err := lines.Read()
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return agentapi.HAProxyTotals{}, fmt.Errorf("HAProxy's statistics: %w", err)
		}
		number := func(name string) int64 {
			if i := column[name]; i < len(fields) {
				n, err := strconv.ParseInt(fields[i], 10, 64)
				if err == nil && n > 0 {
					return min(n, maxCount)
				}
			}
			return 0 // an empty field: does not apply to this line
		}
		if i := column["svname"]; i >= len(fields) || fields[i] == "FRONTEND" || fields[i] == "BACKEND" {
			continue
		}
		total.Retries += number("wretr")
		total.Redispatch += number("wredis")
		total.Errors += number("econ") + number("eresp")
	}
}
