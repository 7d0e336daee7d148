package composefile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What halab takes from a Compose file. What is in none of these lists is a
// finding: it would change what the file means, and halab would not do it.
var (
	topSupported     = []string{"name", "version", "services", "networks", "volumes"}
	serviceSupported = []string{
		"image", "entrypoint", "command", "environment", "env_file", "labels", "label_file", "hostname", "user",
		"network_mode", "networks", "pid", "mac_address", "extra_hosts", "cap_add", "cap_drop", "security_opt", "sysctls",
		"read_only", "init", "tmpfs", "volumes", "cpu_shares", "mem_limit", "pids_limit", "stop_signal",
		"stop_grace_period", "logging", "tty", "restart", "depends_on", "profiles", "extends",
	}
	attachmentSupported = []string{"ipv4_address", "mac_address", "priority"}
	networkSupported    = []string{"name", "driver", "driver_opts", "ipam", "internal", "attachable", "labels"}
	poolSupported       = []string{"subnet", "gateway"}
	volumeSupported     = []string{"name", "driver", "driver_opts", "labels"}
)

// ignored are fields of a service that halab leaves out without harm, and why.
func ignored(field string) (why string, ok bool) {
	switch field {
	case "healthcheck":
		return "halab watches a node's services itself", true
	case "expose", "ports":
		return "nodes have addresses of their own: nothing needs to be published", true
	case "attach", "develop", "annotations", "pull_policy", "stdin_open", "platform":
		return "it is for Compose itself, or for images that halab builds", true
	}
	return "", false
}

// refused are fields of a service with a reason of their own to refuse them.
func refused(field string) (why, cure string) {
	switch field {
	case "privileged":
		return "no container of a lab is privileged", "name the capabilities that it needs: cap_add"
	case "build":
		return "halab builds its own images, and takes others as they are", "build the image yourself and name it: image"
	case "container_name":
		return "containers are named after the lab and the service, so that two labs can stand side by side", "remove it"
	case "deploy", "scale":
		return "a lab has each container once", "remove it; describe further nodes as services of their own"
	}
	return "halab has no way to do it, and without it the file would mean something else", "remove it"
}

// checkSupported notes what the merged files say and halab does not do.
func (l *loader) checkSupported(dict map[string]any) {
	for _, key := range unsupported(dict, topSupported) {
		l.wrong([]string{key}, fmt.Sprintf("the file has %s", key), "halab has no way to do it, and without it the file would mean something else", "remove it")
	}
	for name, service := range mappings(dict["services"]) {
		l.checkService([]string{"services", name}, service)
	}
	for name, network := range mappings(dict["networks"]) {
		path := []string{"networks", name}
		l.unsupported(path, network, networkSupported)
		ipam, _ := network["ipam"].(map[string]any)
		l.unsupported(append(path, "ipam"), ipam, []string{"driver", "config"})
		pools, _ := ipam["config"].([]any)
		for i, pool := range pools {
			fields, _ := pool.(map[string]any)
			l.unsupported(append(path, "ipam", "config", fmt.Sprint(i)), fields, poolSupported)
		}
	}
	for name, volume := range mappings(dict["volumes"]) {
		l.unsupported([]string{"volumes", name}, volume, volumeSupported)
	}
}

func (l *loader) checkService(path []string, service map[string]any) {
	name := path[1]
	for _, field := range unsupported(service, serviceSupported) {
		at := append(slices.Clone(path), field)
		if !isSet(service[field]) {
			continue
		}
		if why, ok := ignored(field); ok {
			l.warn(at, fmt.Sprintf("service %s has %s, which halab leaves out", name, field), why, "")
			continue
		}
		why, cure := refused(field)
		l.wrong(at, fmt.Sprintf("service %s has %s", name, field), why, cure)
	}
	if policy, _ := service["restart"].(string); policy != "" && policy != "no" {
		l.wrong(append(path, "restart"), fmt.Sprintf("service %s has restart: %s", name, policy),
			"in a lab what fails stays failed until it is restored", `write restart: "no", or remove it`)
	}
	for network, attachment := range mappings(service["networks"]) {
		l.unsupported(append(path, "networks", network), attachment, attachmentSupported)
	}
	for other, condition := range mappings(service["depends_on"]) {
		if c, _ := condition["condition"].(string); c != "" && c != "service_started" {
			l.wrong(append(path, "depends_on", other), fmt.Sprintf("service %s waits for %s to be %s", name, other, strings.TrimPrefix(c, "service_")),
				"halab starts services in order and waits for the lab as a whole", "use condition: service_started")
		}
	}
}

// unsupported notes each field of a mapping that is not supported.
func (l *loader) unsupported(path []string, fields map[string]any, supported []string) {
	for _, field := range unsupported(fields, supported) {
		if !isSet(fields[field]) {
			continue
		}
		l.wrong(append(slices.Clone(path), field), fmt.Sprintf("%s has %s", strings.Join(path, "."), field),
			"halab has no way to do it, and without it the file would mean something else", "remove it")
	}
}

// unsupported lists the fields that are not supported, sorted. Fields that
// start with x- are anybody's.
func unsupported(fields map[string]any, supported []string) []string {
	var found []string
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if !strings.HasPrefix(field, "x-") && field != "#extensions" && !slices.Contains(supported, field) {
			found = append(found, field)
		}
	}
	return found
}

// isSet reports whether a value asks for anything.
func isSet(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return true
}

// mappings is a mapping of mappings; entries that are none are left out.
func mappings(v any) map[string]map[string]any {
	outer, _ := v.(map[string]any)
	all := make(map[string]map[string]any, len(outer))
	for name, inner := range outer {
		if m, ok := inner.(map[string]any); ok {
			all[name] = m
		}
	}
	return all
}
