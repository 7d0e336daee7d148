package app

import (
	"context"

	"halab/internal/daemonconf/inventory"
	"halab/internal/event"
	"halab/internal/imports"
	"halab/internal/problem"
)

// ImportOrder says which machines are to be read, and into which folder.
type ImportOrder struct {
	Hosts  []string // as ssh knows them
	Sudo   bool
	Folder string
}

// Imported is what was read.
type Imported struct {
	Folder string             `json:"folder"`
	Nodes  []inventory.Record `json:"nodes"`
}

// Import reads machines with HAProxy and keepalived into a new folder. It needs no
// engine.
func Import(ctx context.Context, o ImportOrder, sink event.Sink) (Imported, error) {
	if err := imports.CheckHosts(o.Hosts); err != nil {
		return Imported{}, AsUsage(problem.New("%v", err).Cure("example: halab import lb1 lb2 -o mine"))
	}
	if err := imports.Free(o.Folder); err != nil {
		return Imported{}, Usage("%v", err)
	}
	nodes, err := imports.Read(ctx, imports.Options{Hosts: o.Hosts, Sudo: o.Sudo, Tell: sink})
	if err != nil {
		return Imported{}, err
	}
	answer := Imported{Folder: o.Folder}
	for _, n := range nodes {
		answer.Nodes = append(answer.Nodes, n.Record)
	}
	return answer, imports.Write(o.Folder, nodes)
}
