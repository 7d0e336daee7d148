package probe

import (
	"encoding/hex"
	"strings"
	"testing"

	"halab/internal/agentapi"
)

// Frames as keepalived and the kernel send them, in hexadecimal.
const (
	// VRRPv3, router 10, priority 254, 1 centisecond, from 192.168.99.11.
	advert3 = "01005e00000a 0268c0a8630b 0800" +
		"45c00020000100 00ff70 0000 c0a8630b e0000012" +
		"310afe01 0001 0000 c0a8630a"
	// VRRPv2, router 20, priority 100, 1 second, no authentication.
	advert2 = "01005e000012 0268c0a86315 0800" +
		"45c00028000100 00ff70 0000 c0a86315 e0000012" +
		"2114640100010000 c0a86314 0000000000000000"
	// Priority 0: the master resigns.
	resigns = "01005e000012 0268c0a8630b 0800" +
		"45c00020000100 00ff70 0000 c0a8630b e0000012" +
		"310a0001 0001 0000 c0a8630a"
	// Gratuitous ARP for 192.168.99.10, as request; padded to 60 bytes.
	garp = "ffffffffffff 0268c0a8630c 0806" +
		"0001 0800 06 04 0001 0268c0a8630c c0a8630a 000000000000 c0a8630a" +
		"000000000000000000000000000000000000"
	// An ARP question of the client.
	question = "ffffffffffff 0268c0a86302 0806" +
		"0001 0800 06 04 0001 0268c0a86302 c0a86302 000000000000 c0a8630a"
	// SYN-ACK from 192.168.99.10:80 to port 40000.
	synack = "0268c0a86302 0268c0a8630b 0800" +
		"4500002800004000 4006 0000 c0a8630a c0a86302" +
		"00509c40 00000001 00000002 5012 ffff 0000 0000"
)

func frameOf(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecodeFrame(t *testing.T) {
	tests := []struct {
		name, in string
		want     agentapi.WireEvent
	}{
		{"version 3", advert3, agentapi.WireEvent{Kind: "advert", Source: "192.168.99.11", MAC: "02:68:c0:a8:63:0b", RouterID: 10, Priority: 254, Version: 3, Interval: 1}},
		{"version 2", advert2, agentapi.WireEvent{Kind: "advert", Source: "192.168.99.21", MAC: "02:68:c0:a8:63:15", RouterID: 20, Priority: 100, Version: 2, Interval: 100}},
		{"resignation", resigns, agentapi.WireEvent{Kind: "advert", Source: "192.168.99.11", MAC: "02:68:c0:a8:63:0b", RouterID: 10, Version: 3, Interval: 1}},
		{"gratuitous ARP", garp, agentapi.WireEvent{Kind: "garp", Source: "02:68:c0:a8:63:0c", MAC: "02:68:c0:a8:63:0c", VIP: "192.168.99.10"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, ok := decodeFrame(frameOf(t, tt.in))
			if !ok || f.event != tt.want || f.accepted {
				t.Errorf("ok %v\ngot  %+v\nwant %+v", ok, f.event, tt.want)
			}
		})
	}
	f, ok := decodeFrame(frameOf(t, synack))
	if !ok || !f.accepted || f.port != 40000 || f.from.String() != "192.168.99.10" || f.mac != [6]byte{2, 0x68, 0xc0, 0xa8, 0x63, 0x0b} {
		t.Errorf("SYN-ACK: ok %v, %+v", ok, f)
	}
}

// TestOtherFrames: what is no such frame, or is cut short anywhere in what
// counts, is none.
func TestOtherFrames(t *testing.T) {
	for _, text := range []string{advert3, advert2, garp, synack} {
		b := frameOf(t, text)
		for n := range 14 + 28 - 1 {
			if n >= len(b) {
				break
			}
			if f, ok := decodeFrame(b[:n]); ok && n < 14+20+8 {
				t.Errorf("%d bytes of %x gave %+v", n, b, f)
			}
		}
	}
	changed := func(text string, at int, value byte) []byte {
		b := frameOf(t, text)
		b[at] = value
		return b
	}
	for name, b := range map[string][]byte{
		"a question":        frameOf(t, question),
		"no announcement":   changed(garp, 14+27, 11),
		"ARP of a token":    changed(garp, 14+1, 6),
		"IPv6":              changed(advert3, 12, 0x86),
		"another protocol":  changed(advert3, 14+9, 17),
		"a later fragment":  changed(advert3, 14+7, 1),
		"version 4 of VRRP": changed(advert3, 14+20, 0x41),
		"another VRRP type": changed(advert3, 14+20, 0x32),
		"a short header":    changed(advert3, 14, 0x44),
		"too long":          changed(advert3, 14+2, 0xff),
		"a SYN alone":       changed(synack, 14+20+13, 0x02),
	} {
		if f, ok := decodeFrame(b); ok {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// FuzzDecodeFrame: no frame makes it panic; what it makes is of a known kind.
func FuzzDecodeFrame(f *testing.F) {
	for _, text := range []string{advert3, advert2, resigns, garp, question, synack} {
		f.Add(frameOf(f, text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := decodeFrame(b)
		if ok && !got.accepted && got.event.Kind != "advert" && got.event.Kind != "garp" {
			t.Errorf("%x: %+v", b, got)
		}
	})
}
