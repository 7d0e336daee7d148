// Package halab carries the files a lab is made from: the Compose file and the
// image folders, so that the binary works from any folder.
package halab

import "embed"

// Files holds compose/ and images/ as they are in the repository.
//
//go:embed compose images
var Files embed.FS
