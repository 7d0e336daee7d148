// Package cli is halab's command line: it reads arguments, wires the other
// packages together and turns errors into exit codes.
package cli

import (
	"context"
	"fmt"
	"io"
)

// Main runs halab with the arguments after the program's name and returns its
// exit code.
func Main(_ context.Context, _ []string, _ io.Reader, _, stderr io.Writer) int {
	fmt.Fprintln(stderr, "halab: the command line is not built yet")
	return 1
}
