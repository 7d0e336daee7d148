package agent

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"halab/internal/agentapi"
)

// parseServers reads the statistics that HAProxy gives as CSV and tells the
// status of each server by its name (HAProxy's management guide, section 9.1).
// A name that several backends have goes to the first of them; in the others it
// is "backend/name". A HAProxy that has just started calls a server UP that it has
// yet to look at, and says so in another column: INI.
func parseServers(r io.Reader) (map[string]string, error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = -1
	lines.LazyQuotes = true
	lines.ReuseRecord = true
	header, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("HAProxy's statistics have no first line: %w", err)
	}
	proxy, name, status, check := -1, -1, -1, -1
	for i, field := range header {
		switch strings.TrimPrefix(field, "# ") {
		case "pxname":
			proxy = i
		case "svname":
			name = i
		case "status":
			status = i
		case "check_status":
			check = i
		}
	}
	if proxy < 0 || name < 0 || status < 0 {
		return nil, fmt.Errorf("HAProxy's statistics begin with %.60q, not with the names of their columns", strings.Join(header, ","))
	}
	servers := map[string]string{}
	for {
		fields, err := lines.Read()
		if err == io.EOF {
			return servers, nil
		}
		if err != nil {
			return nil, fmt.Errorf("HAProxy's statistics: %w", err)
		}
		if len(fields) <= max(proxy, name, status) {
			continue
		}
		server := strings.Clone(fields[name])
		if server == "FRONTEND" || server == "BACKEND" || server == "" {
			continue
		}
		if _, taken := servers[server]; taken {
			server = fields[proxy] + "/" + server
		}
		servers[server] = strings.Clone(fields[status])
		if check >= 0 && check < len(fields) && strings.TrimPrefix(fields[check], "* ") == "INI" && servers[server] == "UP" {
			servers[server] = agentapi.Unchecked
		}
	}
}
