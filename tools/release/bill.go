package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"os"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// bill writes the bill of materials of a binary, in CycloneDX: Go itself and each
// module that the binary has in it, with the checksum that go.sum has for it. It is
// read from the binary, so it says what is there, not what go.mod allows.
func (r release) bill(binary, to string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("%s: %w", binary, err)
	}
	var parts []cdx.Component
	add := func(name, version, sum string) {
		c := cdx.Component{Type: cdx.ComponentTypeLibrary, Name: name, Version: version,
			PackageURL: fmt.Sprintf("pkg:golang/%s@%s", name, version)}
		c.BOMRef = c.PackageURL
		if sum != "" {
			c.Properties = &[]cdx.Property{{Name: "go.sum", Value: sum}}
		}
		parts = append(parts, c)
	}
	add("std", info.GoVersion, "")
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		add(m.Path, m.Version, m.Sum)
	}
	b := cdx.NewBOM()
	b.Metadata = &cdx.Metadata{
		Timestamp: r.at.Format(time.RFC3339),
		Component: &cdx.Component{BOMRef: "halab", Type: cdx.ComponentTypeApplication, Name: "halab", Version: r.version},
	}
	b.Components = &parts
	var text bytes.Buffer
	if err := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetPretty(true).Encode(b); err != nil {
		return err
	}
	return os.WriteFile(to, text.Bytes(), 0o644)
}
