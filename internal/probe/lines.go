package probe

import (
	"encoding/json"
	"strconv"

	"halab/internal/agentapi"
)

// appendSample writes a sample's line as encoding/json would, without its cost:
// hundreds of samples a second share two processors with what they measure.
func appendSample(b []byte, s *agentapi.Sample) []byte {
	b = append(b, `{"kind":"sample","sample":{"stream":`...)
	b = appendString(b, s.Stream)
	b = append(b, `,"due":`...)
	b = strconv.AppendInt(b, s.Due, 10)
	b = append(b, `,"sent":`...)
	b = strconv.AppendInt(b, s.Sent, 10)
	b = append(b, `,"done":`...)
	b = strconv.AppendInt(b, s.Done, 10)
	if s.Status != 0 {
		b = append(b, `,"status":`...)
		b = strconv.AppendInt(b, int64(s.Status), 10)
	}
	for _, field := range [...]struct{ name, value string }{
		{`,"error":`, s.Error}, {`,"node":`, s.Node}, {`,"backend":`, s.Backend},
	} {
		if field.value != "" {
			b = append(b, field.name...)
			b = appendString(b, field.value)
		}
	}
	if s.Dialled {
		b = append(b, `,"dialled":true`...)
	}
	return append(b, "}}\n"...)
}

// appendWire writes a wire event's line as encoding/json would.
func appendWire(b []byte, e *agentapi.WireEvent) []byte {
	b = append(b, `{"kind":"wire","wire":{"at":`...)
	b = strconv.AppendInt(b, e.At, 10)
	b = append(b, `,"kind":`...)
	b = appendString(b, e.Kind)
	b = append(b, `,"source":`...)
	b = appendString(b, e.Source)
	b = append(b, `,"mac":`...)
	b = appendString(b, e.MAC)
	b = append(b, `,"router_id":`...)
	b = strconv.AppendInt(b, int64(e.RouterID), 10)
	b = append(b, `,"priority":`...)
	b = strconv.AppendInt(b, int64(e.Priority), 10)
	if e.Version != 0 {
		b = append(b, `,"version":`...)
		b = strconv.AppendInt(b, int64(e.Version), 10)
	}
	if e.Interval != 0 {
		b = append(b, `,"interval":`...)
		b = strconv.AppendInt(b, int64(e.Interval), 10)
	}
	if e.VIP != "" {
		b = append(b, `,"vip":`...)
		b = appendString(b, e.VIP)
	}
	return append(b, "}}\n"...)
}

// appendLine writes any other line.
func appendLine(b []byte, line agentapi.ObserverLine) []byte {
	out, err := json.Marshal(line)
	if err != nil { // no value of the type can fail
		return b
	}
	return append(append(b, out...), '\n')
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			out, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, out...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
