package cli

import "halab/internal/fault"

// commands lists every command, in the order in which help shows them.
func (p *program) commands() []spec {
	return []spec{
		p.upSpec(), p.downSpec(), p.statusSpec(),
		p.failSpec(), p.faultsSpec(), p.restoreSpec(), p.switchSpec(), p.explainSpec(), p.checksSpec(),
		p.eventsSpec(), p.logsSpec(), p.curlSpec(), p.watchSpec(), p.shellSpec(),
		p.uiSpec(),
		p.drillSpec(), p.reportSpec(), p.compareSpec(),
		p.importSpec(), p.lintSpec(), p.configSpec(), p.doctorSpec(), p.buildSpec(), p.networkSpec(), p.vagrantSpec(),
		p.versionSpec(), p.completionSpec(), p.helpSpec(), p.completeSpec(), p.endSpec(), p.manualSpec(),
	}
}

// hows lists the faults that --how names.
func hows() []string { return fault.Hows() }
