// Package inventory is what is known of a node's machine beside the files of its
// two daemons, as `halab import` found it: which files the daemons really read,
// their versions, the machine's addresses and settings, what was replaced before
// it left the machine, and what could not be read. It stands in one file in the
// node's folder, which lint and the lab read.
package inventory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"strings"
	"time"

	"halab/internal/daemonconf/source"
)

// File is the name of the record in a node's folder.
const File = "halab-import.json"

// format is the record's own version. A later one may mean something else by the
// same words.
const format = 1

// Record is a node's machine.
type Record struct {
	Format     int               `json:"format"`
	Name       string            `json:"name"`     // of the node's folder
	Host       string            `json:"host"`     // as ssh was asked for it
	Hostname   string            `json:"hostname"` // as the machine calls itself
	Time       time.Time         `json:"time"`
	System     string            `json:"system"`
	Kernel     string            `json:"kernel"`
	User       string            `json:"user"` // who looked
	Keepalived Daemon            `json:"keepalived"`
	HAProxy    Daemon            `json:"haproxy"`
	Interfaces []Interface       `json:"interfaces"`
	Routes     []string          `json:"routes"`
	Sysctls    map[string]string `json:"sysctls"`
	Accounts   []Account         `json:"accounts"`
	Programs   []Program         `json:"programs"`
	Files      []Entry           `json:"files"`
	Replaced   []Replaced        `json:"replaced"`
	Missing    []Missing         `json:"missing"`
}

// Daemon is HAProxy or keepalived on the machine.
type Daemon struct {
	Version  string   `json:"version"`
	Running  bool     `json:"running"`
	User     string   `json:"user,omitempty"`   // whom its processes run as; of HAProxy, those that serve
	Files    []string `json:"files"`            // what it reads first, as paths of the machine
	Folder   string   `json:"folder,omitempty"` // where relative paths begin
	ConfigID string   `json:"config_id,omitempty"`
	Args     []string `json:"args,omitempty"`
}

// Interface is a network interface and its addresses.
type Interface struct {
	Name      string         `json:"name"`
	Up        bool           `json:"up"`
	MTU       int            `json:"mtu"`
	MAC       string         `json:"mac,omitempty"`
	Master    string         `json:"master,omitempty"` // the bridge or bond that it belongs to
	Addresses []netip.Prefix `json:"addresses"`
}

// Account is a user that the files name, and whether the machine has it.
type Account struct {
	Name    string `json:"name"`
	Present bool   `json:"present"`
}

// Program is a command that a check or notify line names; where it is not to be
// found, Path is empty.
type Program struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

// Entry is a file of the machine that the folder has a copy of.
type Entry struct {
	Path  string `json:"path"`
	Kind  string `json:"kind"` // config, script, certificate, list, page, …
	Mode  string `json:"mode"` // octal, as chmod takes it
	Owner string `json:"owner"`
	Group string `json:"group"`
}

// Replaced is a secret that did not leave the machine.
type Replaced struct {
	Path string `json:"path"`
	Line int    `json:"line,omitempty"` // 0 is the whole file
	What string `json:"what"`
}

// Missing is what could not be taken, why, and what would help.
type Missing struct {
	What string `json:"what"`
	Why  string `json:"why"`
	Cure string `json:"cure,omitempty"`
}

// New is an empty record.
func New() Record {
	return Record{
		Format: format, Interfaces: []Interface{}, Routes: []string{}, Sysctls: map[string]string{}, Accounts: []Account{},
		Programs: []Program{}, Files: []Entry{}, Replaced: []Replaced{}, Missing: []Missing{},
		Keepalived: Daemon{Files: []string{}}, HAProxy: Daemon{Files: []string{}},
	}
}

// Read gives the record of a node's folder, nil where it has none.
func Read(files fs.FS, folder string) (*Record, error) {
	name := path.Join(folder, File)
	if _, err := fs.Stat(files, name); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	text, err := source.Read(files, name)
	if err != nil {
		return nil, err
	}
	r := New()
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, source.Errorf(source.Pos{File: name}, "it is no record of halab import: %v", err)
	}
	if r.Format != format {
		return nil, source.Errorf(source.Pos{File: name}, "it is of format %d, and this halab reads format %d; import the machine again", r.Format, format)
	}
	return &r, nil
}

// Interface finds an interface by its name.
func (r *Record) Interface(name string) (Interface, bool) {
	for _, i := range r.Interfaces {
		if i.Name == name {
			return i, true
		}
	}
	return Interface{}, false
}

// Has says whether an address is the machine's own.
func (r *Record) Has(a netip.Addr) bool {
	for _, i := range r.Interfaces {
		for _, p := range i.Addresses {
			if p.Addr() == a {
				return true
			}
		}
	}
	return false
}

// Account says whether the machine has a user; known is false where nobody asked.
func (r *Record) Account(name string) (present, known bool) {
	for _, a := range r.Accounts {
		if a.Name == name {
			return a.Present, true
		}
	}
	return false, false
}

// Program says where a command is, "" where it is nowhere.
func (r *Record) Program(name string) (where string, known bool) {
	for _, p := range r.Programs {
		if p.Name == name {
			return p.Path, true
		}
	}
	return "", false
}

// OthersWrite says whether anybody may write a file.
func (e Entry) OthersWrite() bool {
	return len(e.Mode) > 0 && (e.Mode[len(e.Mode)-1]-'0')&2 != 0
}

// Entry finds a file by its path on the machine.
func (r *Record) Entry(path string) (Entry, bool) {
	for _, e := range r.Files {
		if e.Path == path {
			return e, true
		}
	}
	return Entry{}, false
}

// ID is what keepalived chooses its @id lines by.
func (r *Record) ID() string {
	if r.Keepalived.ConfigID != "" {
		return r.Keepalived.ConfigID
	}
	id, _, _ := strings.Cut(r.Hostname, ".")
	return id
}

// Local is where a path of the machine lies in the node's folder.
func Local(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// String is a word about a replaced secret: where, and what.
func (r Replaced) String() string {
	if r.Line == 0 {
		return fmt.Sprintf("%s: %s", r.Path, r.What)
	}
	return fmt.Sprintf("%s:%d: %s", r.Path, r.Line, r.What)
}
