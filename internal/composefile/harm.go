package composefile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// A description may come from somebody else. What would let its containers out
// of the lab is refused, whatever the engine would do (docs/security.md).

// allowedCapabilities are those that a description may ask for: what the parts
// of a lab need, and what the engine gives every container by itself.
func allowedCapabilities() []string {
	return []string{
		"NET_ADMIN", "NET_BROADCAST", "SYS_NICE", // the lab's
		"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
		"NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
	}
}

// logDrivers keep what a container says on the engine's machine.
func logDrivers() []string { return []string{"json-file", "local", "journald", "none"} }

// volumeOptions are what a volume's options may be: a memory disk.
func volumeOptions() map[string]string { return map[string]string{"type": "tmpfs", "device": "tmpfs"} }

// checkHarm notes what a description asks for beyond its lab.
func (b *builder) checkHarm() {
	for _, name := range b.project.ServiceNames() {
		s := b.project.Services[name]
		at := func(more ...string) []string { return append([]string{"services", name}, more...) }
		b.checkPrivileges(s, at)
		b.checkNamespaces(s, at)
		b.checkFiles(s, at)
		if s.Logging != nil && s.Logging.Driver != "" && !slices.Contains(logDrivers(), s.Logging.Driver) {
			b.wrong(at("logging", "driver"), fmt.Sprintf("service %s logs by %s", name, s.Logging.Driver),
				"the engine would send its lines to another machine, from outside of the lab's network", "use one of: "+strings.Join(logDrivers(), ", "))
		}
	}
	for _, key := range b.project.VolumeNames() {
		b.checkVolume(key, b.project.Volumes[key])
	}
	for _, key := range b.project.NetworkNames() {
		if n := b.project.Networks[key]; !n.Internal {
			b.warn([]string{"networks", key}, fmt.Sprintf("network %s is not internal", key),
				"its containers have a default route, and may reach what is beyond the network", "write internal: true, unless that is meant")
		}
	}
}

// checkPrivileges finds powers that no part of a lab needs.
func (b *builder) checkPrivileges(s types.ServiceConfig, at func(...string) []string) {
	for i, capability := range s.CapAdd {
		if name := strings.TrimPrefix(strings.ToUpper(capability), "CAP_"); !slices.Contains(allowedCapabilities(), name) {
			b.wrong(at("cap_add", fmt.Sprint(i)), fmt.Sprintf("service %s has capability %s", s.Name, capability),
				"no part of a lab needs it, and with it a container may get out of the lab", "remove it")
		}
	}
	for i, option := range s.SecurityOpt {
		if option != "no-new-privileges" && option != "no-new-privileges:true" && option != "no-new-privileges=true" {
			b.wrong(at("security_opt", fmt.Sprint(i)), fmt.Sprintf("service %s has security_opt %s", s.Name, option),
				"the engine's own profiles hold for all containers of a lab", "remove it; no-new-privileges:true is the one that is taken")
		}
	}
}

// checkNamespaces finds containers that would be in somebody else's place: the
// host's, or that of a container of another lab.
func (b *builder) checkNamespaces(s types.ServiceConfig, at func(...string) []string) {
	_, known := b.roles[s.Name]
	onHost := known && b.lab.OnHosts()
	for _, f := range []struct{ field, value string }{{"network_mode", s.NetworkMode}, {"pid", s.Pid}} {
		if f.value == "" || strings.HasPrefix(f.value, "service:") {
			continue
		}
		if f.field == "network_mode" && (f.value == "none" || f.value == "host" && onHost) {
			continue
		}
		b.wrong(at(f.field), fmt.Sprintf("service %s has %s: %s", s.Name, f.field, f.value),
			"a part of a lab is in the lab's own network and processes", fmt.Sprintf("remove it, or join a service of the file: %s: service:NAME", f.field))
	}
}

// checkFiles finds files of this machine that the description has no business
// with: what is not in its own folder.
func (b *builder) checkFiles(s types.ServiceConfig, at func(...string) []string) {
	for i, v := range s.Volumes {
		if v.Type != types.VolumeTypeBind {
			continue
		}
		path := at("volumes", fmt.Sprint(i))
		if info, err := os.Stat(v.Source); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
			b.wrong(path, fmt.Sprintf("service %s mounts %s, which is no file and no folder", s.Name, v.Source),
				"a socket or a device leads out of the lab; by the engine's own socket a container is root on this machine", "remove it")
			continue
		}
		b.mustBeInside(path, fmt.Sprintf("service %s mounts %s", s.Name, v.Source), v.Source)
	}
	for i, f := range s.EnvFiles {
		b.mustBeInside(at("env_file", fmt.Sprint(i)), fmt.Sprintf("service %s has env_file %s", s.Name, f.Path), f.Path)
	}
	for i, f := range s.LabelFiles {
		b.mustBeInside(at("label_file", fmt.Sprint(i)), fmt.Sprintf("service %s has label_file %s", s.Name, f), f)
	}
}

// mustBeInside notes a path that leads out of the description's folder, by its
// words or by a link.
func (b *builder) mustBeInside(path []string, what, file string) {
	if inside(b.dir, file) {
		return
	}
	b.wrong(path, what, "that is outside of the folder of the Compose file, and none of its business",
		"put a copy beside the Compose file and name that")
}

// inside says whether a file is in a folder or below it, with all links
// followed. What is not there yet is where its name says.
func inside(folder, file string) bool {
	if !filepath.IsAbs(file) {
		file = filepath.Join(folder, file)
	}
	within := func(folder, file string) bool {
		relative, err := filepath.Rel(folder, file)
		return err == nil && filepath.IsLocal(relative)
	}
	if !within(folder, file) {
		return false
	}
	real, err := filepath.EvalSymlinks(file)
	if os.IsNotExist(err) {
		return true
	}
	realFolder, folderErr := filepath.EvalSymlinks(folder)
	return err == nil && folderErr == nil && within(realFolder, real)
}

// checkVolume finds volumes that are something else than an empty disk of the
// lab's own.
func (b *builder) checkVolume(key string, v types.VolumeConfig) {
	at := func(field string) []string { return []string{"volumes", key, field} }
	if !bool(v.External) && b.volumeName(key, v) != b.named(key) {
		b.wrong(at("name"), fmt.Sprintf("volume %s is called %s", key, v.Name), "the engine would take one of that name that is somebody else's, with all that is in it", "remove it: volumes are named after the lab")
	}
	if v.Driver != "" && v.Driver != "local" {
		b.wrong(at("driver"), fmt.Sprintf("volume %s has driver %s", key, v.Driver), "it would bring something from outside into the lab", "remove it")
	}
	for option, value := range v.DriverOpts {
		if wanted, known := volumeOptions()[option]; (!known || value != wanted) && (option != "o" || v.DriverOpts["type"] != "tmpfs") {
			b.wrong(append(at("driver_opts"), option), fmt.Sprintf("volume %s has %s: %s", key, option, value),
				"it would bring something from outside into the lab", "leave driver_opts out, or write {type: tmpfs, device: tmpfs, o: \"size=…\"}")
		}
	}
}
