package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"
)

// slowApp makes the app wait before each answer.
func slowApp() applier {
	return appFault(agentapi.FaultSlow, func(a *agentapi.AppFault, r agentapi.FaultRecord) {
		a.SlowMs = float64(r.Delay) / float64(time.Millisecond)
	})
}

// failApp makes the app answer 503 now and then.
func failApp() applier {
	return appFault(agentapi.FaultError, func(a *agentapi.AppFault, r agentapi.FaultRecord) { a.Percent = r.Percent })
}

// appFault changes what the app reads before each answer. Two faults share the
// file: it is written anew from the records.
func appFault(name string, set func(*agentapi.AppFault, agentapi.FaultRecord)) applier {
	return applier{
		name:  name,
		apply: func(s Site, r agentapi.FaultRecord) error { return writeAppFault(s, "") },
		there: func(s Site, r agentapi.FaultRecord) error {
			want, has := agentapi.AppFault{}, readAppFault(s)
			want = has
			set(&want, r)
			if want != has {
				return fmt.Errorf("%s says %+v", s.appFile(), has)
			}
			return nil
		},
		undo: func(s Site, r agentapi.FaultRecord) error { return writeAppFault(s, r.ID) },
		gone: func(s Site, r agentapi.FaultRecord) error {
			want, has := agentapi.AppFault{}, readAppFault(s)
			want = has
			set(&want, agentapi.FaultRecord{})
			if want != has {
				return fmt.Errorf("%s still says %+v", s.appFile(), has)
			}
			return nil
		},
	}
}

func (s Site) appFile() string {
	return filepath.Join(s.run, filepath.Base(agentapi.AppFaultFile))
}

func readAppFault(s Site) agentapi.AppFault {
	var a agentapi.AppFault
	text, err := os.ReadFile(s.appFile())
	if err != nil || json.Unmarshal(text, &a) != nil {
		return agentapi.AppFault{}
	}
	return a
}

// writeAppFault writes what the records say, but for the one that is undone.
func writeAppFault(s Site, without string) error {
	records, err := s.store().records()
	if err != nil {
		return err
	}
	var a agentapi.AppFault
	for _, r := range records {
		switch {
		case r.ID == without:
		case r.Fault == agentapi.FaultSlow:
			a.SlowMs = float64(r.Delay) / float64(time.Millisecond)
		case r.Fault == agentapi.FaultError:
			a.Percent = r.Percent
		}
	}
	if a == (agentapi.AppFault{}) {
		if err := os.Remove(s.appFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return machine.ReplaceFile(s.appFile(), string(text))
}
