package cli

import "halab/internal/fault"

// commands lists every command, in the order in which help shows them.
func (p *program) commands() []spec {
	return []spec{
		p.upSpec(), p.downSpec(), p.statusSpec(),
		p.failSpec(), p.restoreSpec(), p.switchSpec(),
		p.logsSpec(), p.curlSpec(), p.watchSpec(), p.shellSpec(),
		p.drillSpec(), p.reportSpec(), p.compareSpec(),
		p.configSpec(), p.doctorSpec(), p.buildSpec(), p.networkSpec(),
		p.versionSpec(), p.completionSpec(), p.helpSpec(), p.completeSpec(),
	}
}

// hows lists the faults that --how names.
func hows() []string {
	var names []string
	for _, k := range fault.Catalogue() {
		names = append(names, k.Name)
	}
	return names
}
