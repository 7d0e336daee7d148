// Package own makes a container the machine that files of the user's own were written
// for: its interfaces by their names, its addresses, the users and folders that the
// files name, and commands that their scripts call.
package own

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"halab/internal/agentapi"
)

// This reads what this container is to be; nil where it is one of halab's own.
func This() (*agentapi.Own, error) {
	text, err := os.ReadFile(agentapi.OwnFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var o agentapi.Own
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, fmt.Errorf("%s says nothing that this halab understands: %w", agentapi.OwnFile, err)
	}
	return &o, nil
}
