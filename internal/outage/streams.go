package outage

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"halab/internal/agentapi"
)

// Outages finds the stretches without an answer in the samples of one stream,
// which must be in order of due: each from the due time of the first probe that
// failed to the due time of the next that succeeded, or to end where none did.
// Failed counts the failed probes of the stretch. The result is relative to
// zero.
func Outages(samples []agentapi.Sample, zero, end int64) []Span {
	spans := []Span{}
	var f Finder
	for _, s := range samples {
		if from, failed, ended := f.Add(s); ended {
			spans = append(spans, Span{FromMs: Ms(from - zero), ToMs: Ms(s.Due - zero), Failed: failed})
		}
	}
	if f.Failed > 0 {
		end = max(end, samples[len(samples)-1].Due)
		spans = append(spans, Span{FromMs: Ms(f.From - zero), ToMs: Ms(end - zero), Failed: f.Failed, Open: true})
	}
	return spans
}

// Finder finds outages in the samples of one stream as they come, in order of due.
type Finder struct {
	From   int64 // when the first probe of the present outage was due
	Failed int   // its failed probes so far; 0: there is no outage now
}

// Add takes a sample in. An outage ends with a sample that succeeded: then from and
// failed are its own.
func (f *Finder) Add(s agentapi.Sample) (from int64, failed int, ended bool) {
	switch {
	case !s.OK() && f.Failed == 0:
		f.From, f.Failed = s.Due, 1
	case !s.OK():
		f.Failed++
	case f.Failed > 0:
		from, failed, ended = f.From, f.Failed, true
		f.Failed = 0
	}
	return from, failed, ended
}

// Bounds of the latency histogram, in microseconds, with three significant
// digits.
const (
	latencyMin    = 1
	latencyMax    = int64(10 * time.Minute / time.Microsecond)
	latencyDigits = 3
)

// stream sums up one stream of the phase.
func (v *view) stream(spec agentapi.StreamSpec) Stream {
	samples := v.within(spec.Name)
	out := Stream{
		Name: spec.Name, Sent: len(samples), Errors: map[string]int{},
		Spans: Outages(samples, v.at.at, v.to), FloorMs: floor(spec),
	}
	for _, s := range out.Spans {
		out.OutageLongestMs = max(out.OutageLongestMs, s.Ms())
		out.OutageSumMs = round(out.OutageSumMs + s.Ms())
	}
	latency := hdrhistogram.New(latencyMin, latencyMax, latencyDigits)
	for i, s := range samples {
		out.MaxLagMs = max(out.MaxLagMs, Ms(s.Sent-s.Due))
		if s.Dialled && spec.Held && (i > 0 || v.dialledBefore(s)) {
			out.Retried++
		}
		if !s.OK() {
			out.Failed++
			out.Errors[s.Error]++
			continue
		}
		out.LatencyMaxMs = max(out.LatencyMaxMs, Ms(s.Done-s.Due))
		// A value beyond the bounds is the only error; the maximum above has it.
		_ = latency.RecordValue((s.Done - s.Due) / 1000)
	}
	out.LatencyP50Ms = float64(latency.ValueAtQuantile(50)) / 1e3
	out.LatencyP99Ms = float64(latency.ValueAtQuantile(99)) / 1e3
	if spec.Name == agentapi.StreamStack {
		out.Retried += v.retried()
	}
	return out
}

// dialledBefore says whether an earlier probe of a held stream is recorded: the
// very first one has to dial.
func (v *view) dialledBefore(s agentapi.Sample) bool {
	for _, other := range v.samples {
		if other.Stream == s.Stream {
			return other.Due < s.Due
		}
	}
	return false
}

// floor is the resolution of a stream: both ends of an outage are seen at the
// next probe, so its length is off by at most one interval.
func floor(spec agentapi.StreamSpec) float64 {
	if spec.Rate <= 0 {
		return 0
	}
	return Ms(int64(1e9 / spec.Rate))
}

// retried is how often the HAProxies repeated a request in the phase.
func (v *view) retried() int64 {
	before, after := v.rec.Before, v.rec.Between
	if v.phase == PhaseFailback {
		before, after = v.rec.Between, v.rec.After
	}
	if after == nil {
		after = v.rec.After
	}
	var sum int64
	for _, a := range after {
		if a.Failed != "" {
			continue // its counters died with it
		}
		n := a.Retries + a.Redispatch
		for _, b := range before {
			if b.URL == a.URL && b.Failed == "" && b.Retries+b.Redispatch <= n {
				n -= b.Retries + b.Redispatch // otherwise it was restarted and counts from 0
			}
		}
		sum += n
	}
	return sum
}
