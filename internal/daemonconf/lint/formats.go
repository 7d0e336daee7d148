package lint

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"halab/internal/daemonconf/source"
)

// GitHub writes findings as annotations of a pull request: ::error
// file=…,line=…::text.
func GitHub(w io.Writer, r Report) error {
	for _, f := range r.Findings {
		level := map[Severity]string{Error: "error", Warning: "warning", Info: "notice"}[f.Severity]
		_, err := fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", level,
			property(f.At.File), f.At.Line, f.At.Col, property(f.Rule), data(f.What+". A client will see: "+f.Sees+cureText(f)))
		if err != nil {
			return err
		}
	}
	return nil
}

func cureText(f Finding) string {
	if f.Cure == nil {
		return ""
	}
	return ". Cure: " + strings.Join(append([]string{f.Cure.Text}, f.Cure.New...), "\n")
}

// data and property escape what GitHub's runner gives a meaning.
func data(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func property(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(text)
}

// The parts of SARIF 2.1.0 that code scanning reads.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string    `json:"id"`
		Short sarifText `json:"shortDescription"`
		Full  sarifText `json:"fullDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
		Related   []sarifLocation `json:"relatedLocations,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Line int `json:"startLine"`
		Col  int `json:"startColumn"`
	}
)

// SARIF writes findings as SARIF 2.1.0.
func SARIF(w io.Writer, r Report, version string) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "halab lint", Version: version}}, Results: []sarifResult{}}
	for _, rule := range Rules() {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{rule.Name, sarifText{rule.Title}, sarifText{rule.Why}})
	}
	for _, f := range r.Findings {
		result := sarifResult{RuleID: f.Rule, Level: map[Severity]string{Error: "error", Warning: "warning", Info: "note"}[f.Severity],
			Message: sarifText{f.What + ". A client will see: " + f.Sees + cureText(f)}, Locations: []sarifLocation{location(f.At)}}
		for _, at := range f.Also {
			result.Related = append(result.Related, location(at))
		}
		run.Results = append(run.Results, result)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func location(at source.Pos) sarifLocation {
	return sarifLocation{sarifPhysical{sarifArtifact{at.File}, sarifRegion{max(1, at.Line), max(1, at.Col)}}}
}
