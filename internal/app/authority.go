package app

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"halab/internal/daemonconf/adapt"
	"halab/internal/daemonconf/named"
)

// authority signs what a lab's files name and nobody handed in. Its key follows from
// the lab's name: a certificate that a later halab makes is still signed by the
// authority that the lab knows. Nothing but the lab itself trusts it.
type authority struct {
	key *ecdsa.PrivateKey
	pem string // its certificate and key
}

// lasting is how long what is made is valid: clocks of nodes may differ by a day, and
// no lab stays up for ten years.
const lasting = 10

func newAuthority(lab string) (*authority, error) {
	var key *ecdsa.PrivateKey
	err := error(nil)
	for seed := sha256.Sum256([]byte("halab's authority of " + lab)); key == nil; seed = sha256.Sum256(seed[:]) {
		if key, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:]); err != nil {
			key = nil // one in 2^32 numbers is no key
		}
	}
	a := &authority{key: key}
	text, err := a.certificate("halab's authority of "+lab, nil, true)
	a.pem = string(text)
	return a, err
}

// made is the text of a file that is named and not there.
func (a *authority) made(f adapt.File) ([]byte, error) {
	switch f.Kind {
	case named.Certificate, named.CertList:
		return a.certificate(f.Names[0], f.Names, false)
	case named.Key:
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return keyPEM(key)
	case named.Authority:
		block, _ := pem.Decode([]byte(a.pem))
		return pem.EncodeToMemory(block), nil
	case named.SessionKeys:
		return sessionKeys()
	case named.DH:
		return []byte(ffdhe2048), nil
	case named.Page:
		return []byte("HTTP/1.0 503 Service Unavailable\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis page was not handed in.\n"), nil
	}
	return nil, nil
}

// sessionKeys are three keys of 48 bytes, a line each (HAProxy's configuration manual,
// tls-ticket-keys).
func sessionKeys() ([]byte, error) {
	var out bytes.Buffer
	for range 3 {
		key := make([]byte, 48)
		if _, err := rand.Read(key); err != nil {
			return nil, err
		}
		fmt.Fprintln(&out, base64.StdEncoding.EncodeToString(key))
	}
	return out.Bytes(), nil
}

// certificate makes one with its key: of an authority itself, or self-signed.
func (a *authority) certificate(name string, names []string, authority bool) ([]byte, error) {
	key := a.key
	if !authority {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: names,
		NotBefore: time.Now().AddDate(0, 0, -1), NotAfter: time.Now().AddDate(lasting, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	if authority {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := keyPEM(key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), secret...), nil
}

func keyPEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// ffdhe2048 is the group of RFC 7919, appendix A.1, in PEM.
const ffdhe2048 = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`
