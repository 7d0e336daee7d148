package behind

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"

	"halab/internal/agentapi"
)

// authority signs certificates; the zero value lets each sign itself.
type authority struct {
	leaf *x509.Certificate
	key  crypto.PrivateKey
	der  []byte
}

func signer(pem string) (authority, error) {
	if pem == "" {
		return authority{}, nil
	}
	pair, err := tls.X509KeyPair([]byte(pem), []byte(pem))
	if err != nil {
		return authority{}, fmt.Errorf("the authority's certificate and key: %w", err)
	}
	return authority{pair.Leaf, pair.PrivateKey, pair.Certificate[0]}, nil
}

// certificate makes one for the names and the address of a listener.
func (a authority) certificate(l agentapi.BehindListener) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, err
	}
	host, _, err := net.SplitHostPort(l.Address)
	if err != nil {
		return tls.Certificate{}, err
	}
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: l.Servers[0]}, DNSNames: l.Names, IPAddresses: []net.IP{net.ParseIP(host)},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), // clocks of nodes may differ
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	parent, sign := c, crypto.PrivateKey(key)
	chain := [][]byte{nil}
	if a.leaf != nil {
		parent, sign = a.leaf, a.key
		chain = append(chain, a.der)
	}
	if chain[0], err = x509.CreateCertificate(rand.Reader, c, parent, key.Public(), sign); err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: chain, PrivateKey: key}, nil
}
