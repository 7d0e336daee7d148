package own

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"halab/internal/agentapi"
)

// Furnish makes what the files name and the image lacks: users, folders, commands;
// and gives files to those whose they are.
func Furnish(o agentapi.Own) error {
	var failed []error
	for _, name := range o.Accounts {
		failed = append(failed, account(name))
	}
	for _, folder := range o.Folders {
		// A daemon that gives up its rights writes there as somebody else.
		if err := os.MkdirAll(folder, 0o755); err != nil {
			failed = append(failed, fmt.Errorf("a folder that the files name: %w", err))
		}
	}
	for _, f := range o.Owners {
		failed = append(failed, give(f))
	}
	for _, name := range o.Commands {
		failed = append(failed, stand(name))
	}
	if len(o.Commands) > 0 {
		failed = append(failed, open(CallsFile))
	}
	if o.Resolver.IsValid() {
		if err := os.WriteFile("/etc/resolv.conf", []byte("nameserver "+o.Resolver.String()+"\n"), 0o644); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// firstID is the first number for users that are made here: where Debian puts
// those of people, so that no package's is taken.
const firstID = 2000

// account makes a user and a group of a name, where the image lacks them.
func account(name string) error {
	id := firstID
	for ; id < firstID+1000; id++ {
		_, uerr := user.LookupId(strconv.Itoa(id))
		_, gerr := user.LookupGroupId(strconv.Itoa(id))
		if uerr != nil && gerr != nil {
			break
		}
	}
	group, err := user.LookupGroup(name)
	if err != nil {
		if err := appendLine("/etc/group", fmt.Sprintf("%s:x:%d:", name, id)); err != nil {
			return err
		}
		group = &user.Group{Gid: strconv.Itoa(id)}
	}
	if _, err := user.Lookup(name); err == nil {
		return nil
	}
	return appendLine("/etc/passwd", fmt.Sprintf("%s:x:%d:%s::/nonexistent:/usr/sbin/nologin", name, id, group.Gid))
}

func appendLine(file, line string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("a user that the files name: %w", err)
	}
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, f.Close())
}

// give makes a file somebody's. A user that the machine had and nobody names is not
// made here, so the file stays root's.
func give(f agentapi.OwnOwner) error {
	uid, gid := 0, 0
	if u, err := user.Lookup(f.Owner); err == nil {
		uid, _ = strconv.Atoi(u.Uid)
	}
	if g, err := user.LookupGroup(f.Group); err == nil {
		gid, _ = strconv.Atoi(g.Gid)
	}
	if err := os.Chown(f.Path, uid, gid); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// open makes a file that every user may write.
func open(file string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Chmod(file, 0o666))
}

// stand puts a command where scripts find it, unless the image has one. Under that
// name halab's agent answers (Command).
func stand(name string) error {
	text := fmt.Sprintf("#!/bin/sh\nexec %s agent %s %s \"$@\"\n", agentapi.BinaryPath, agentapi.CommandStand, name)
	if name == "service" { // Debian's is there, and starts what it finds in /etc/init.d beside ours
		return os.WriteFile("/usr/sbin/service", []byte(text), 0o755)
	}
	for _, dir := range strings.Split("/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", ":") {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return nil
		}
	}
	return os.WriteFile(filepath.Join("/usr/bin", name), []byte(text), 0o755)
}
