package facts

// Idle is the timeout that ends a connection over which nothing goes, with its name, ""
// where none does: of what listens and where it leads. In mode http it is a client's
// that has had an answer and asks no more: http-keep-alive, without it http-request, and
// without both client. In mode tcp it is tunnel, and without it the shorter of client and
// server (HAProxy's configuration manual, section 4.2, under each of these).
func Idle(front, back *Proxy) (Value[float64], string) {
	own := func(p *Proxy, names ...string) (Value[float64], string) {
		for _, name := range names {
			if v := p.Timeouts[name]; v.Set && v.V > 0 {
				return v, name
			}
		}
		return Value[float64]{}, ""
	}
	if front.Mode.V != "tcp" {
		return own(front, "http-keep-alive", "http-request", "client")
	}
	if v, name := own(back, "tunnel"); name != "" || back.Timeouts["tunnel"].Set {
		return v, name
	}
	limit, which := own(front, "client")
	if v, name := own(back, "server"); name != "" && (which == "" || v.V < limit.V) {
		return v, name
	}
	return limit, which
}
