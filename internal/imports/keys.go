package imports

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"path"
	"strings"
	"time"

	"halab/internal/daemonconf/inventory"
	"halab/internal/daemonconf/named"
)

// ring makes throw-away keys: one of each sort does for a whole machine.
type ring map[x509.PublicKeyAlgorithm]crypto.Signer

const rsaBits = 2048

func (r ring) key(of x509.PublicKeyAlgorithm) (key crypto.Signer, err error) {
	if of != x509.ECDSA {
		of = x509.RSA // whatever else there is, HAProxy takes RSA
	}
	if have := r[of]; have != nil {
		return have, nil
	}
	if of == x509.ECDSA {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		key, err = rsa.GenerateKey(rand.Reader, rsaBits)
	}
	r[of] = key
	return key, err
}

// standIns puts throw-away keys where the machine has private ones, and makes the
// certificates fit: self-signed, with the same names and dates.
func (n *Node) standIns() error {
	keys := ring{}
	paired := map[string]bool{}
	certificates, alone := n.pairs()
	for _, name := range certificates {
		f := n.files[name]
		keyFile := name
		if !f.key {
			keyFile = n.keyOf(name)
		}
		if keyFile == "" {
			continue // an authority's, or one whose key could not be found
		}
		certificate, rest, algorithm := leaf(f.text, name)
		key, err := keys.key(algorithm)
		if err != nil {
			return err
		}
		public, private, err := selfSigned(certificate, key)
		if err != nil {
			return err
		}
		f.text = public + rest
		if keyFile == name {
			f.text += private
		} else {
			n.files[keyFile].text = private
		}
		paired[keyFile] = true
		n.Record.Replaced = append(n.Record.Replaced, inventory.Replaced{Path: name,
			What: "certificate: a self-signed one with the same names, for the throw-away key"})
	}
	for _, name := range alone {
		if f := n.files[name]; f.key && !paired[name] {
			key, err := keys.key(x509.RSA)
			if err != nil {
				return err
			}
			if f.text, err = privatePEM(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyOf finds the file that has a certificate's key: site.pem.key or site.key of
// site.pem.
func (n *Node) keyOf(name string) string {
	for _, k := range []string{name + ".key", strings.TrimSuffix(name, path.Ext(name)) + ".key"} {
		if f := n.files[k]; f != nil && f.key {
			return k
		}
	}
	return ""
}

// leaf takes the first certificate of a file as what the new one is made after,
// and what else of public there is: the chain, parameters.
func leaf(text, name string) (like *x509.Certificate, rest string, of x509.PublicKeyAlgorithm) {
	var others strings.Builder
	data := []byte(text)
	for {
		block, more := pem.Decode(data)
		if block == nil {
			break
		}
		data = more
		if block.Type == "CERTIFICATE" && like == nil {
			if c, err := x509.ParseCertificate(block.Bytes); err == nil {
				like = c
				continue
			}
		}
		others.Write(pem.EncodeToMemory(block))
	}
	if like == nil {
		base := strings.TrimSuffix(path.Base(name), path.Ext(name))
		now := time.Now()
		like = &x509.Certificate{Subject: pkix.Name{CommonName: base}, DNSNames: []string{base}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0)}
	}
	return like, others.String(), like.PublicKeyAlgorithm
}

// selfSigned makes a certificate like another for a key.
func selfSigned(like *x509.Certificate, key crypto.Signer) (public, private string, err error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return "", "", err
	}
	c := &x509.Certificate{
		SerialNumber: serial, RawSubject: like.RawSubject, Subject: like.Subject,
		DNSNames: like.DNSNames, IPAddresses: like.IPAddresses, EmailAddresses: like.EmailAddresses, URIs: like.URIs,
		NotBefore: like.NotBefore, NotAfter: like.NotAfter,
		KeyUsage: cmp.Or(like.KeyUsage, x509.KeyUsageDigitalSignature), ExtKeyUsage: like.ExtKeyUsage,
		BasicConstraintsValid: true, IsCA: like.IsCA,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return "", "", err
	}
	private, err = privatePEM(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), private, err
}

func privatePEM(key crypto.Signer) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), err
}

// pairs are the files that may hold a certificate or its key.
func (n *Node) pairs() (certificates, keys []string) {
	for _, name := range n.names() {
		switch n.files[name].kind {
		case named.Certificate:
			certificates = append(certificates, name)
		case named.Key:
			keys = append(keys, name)
		}
	}
	return certificates, keys
}
