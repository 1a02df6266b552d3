// Package pki makes the certificates of one embedded node: certificate authorities
// that live only as long as the node, a certificate for each server and one for each
// client. Only root can read the files.
package pki

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	certutil "k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
	kubeadmapi "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/pkiutil"
)

// lifetime is how long certificates are valid. A node is thrown away long before.
const lifetime = 365 * 24 * time.Hour

const algorithm = kubeadmapi.EncryptionAlgorithmECDSAP256

// Authority is a certificate authority. It writes what it signs into one folder.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  crypto.Signer
}

// NewAuthority makes an authority and writes NAME.crt and NAME.key into dir.
func NewAuthority(dir, name string) (*Authority, error) {
	config := &pkiutil.CertConfig{
		Config: certutil.Config{CommonName: name}, NotAfter: time.Now().Add(lifetime), EncryptionAlgorithm: algorithm,
	}
	cert, key, err := pkiutil.NewCertificateAuthority(config)
	if err != nil {
		return nil, fmt.Errorf("make certificate authority %s: %w", name, err)
	}
	return &Authority{dir: dir, cert: cert, key: key}, write(dir, name, cert, key)
}

// Subject is the server or client that a certificate is for.
type Subject struct {
	// Name is the name of the file. It is also the common name, unless User is set.
	Name string
	// User and Groups are what Kubernetes takes a client for.
	User   string
	Groups []string
	// Names and IPs are where a server listens. Without them, the certificate is good
	// for a client only.
	Names []string
	IPs   []string
}

// Issue signs a certificate and writes NAME.crt and NAME.key.
func (a *Authority) Issue(s Subject) error {
	cert, key, err := a.sign(s)
	if err != nil {
		return fmt.Errorf("make certificate %s: %w", s.Name, err)
	}
	return write(a.dir, s.Name, cert, key)
}

// Sign signs a certificate, and returns it and its key as PEM.
func (a *Authority) Sign(s Subject) (certificate, key []byte, err error) {
	cert, signer, err := a.sign(s)
	if err != nil {
		return nil, nil, fmt.Errorf("make certificate %s: %w", s.Name, err)
	}
	key, err = keyutil.MarshalPrivateKeyToPEM(signer)
	return pkiutil.EncodeCertPEM(cert), key, err
}

func (a *Authority) sign(s Subject) (*x509.Certificate, crypto.Signer, error) {
	config := &pkiutil.CertConfig{NotAfter: time.Now().Add(lifetime), EncryptionAlgorithm: algorithm}
	config.CommonName, config.Organization = s.User, s.Groups
	if s.User == "" {
		config.CommonName = s.Name
	}
	config.Usages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if len(s.Names)+len(s.IPs) > 0 {
		config.Usages = append(config.Usages, x509.ExtKeyUsageServerAuth)
	}
	config.AltNames.DNSNames = s.Names
	for _, ip := range s.IPs {
		config.AltNames.IPs = append(config.AltNames.IPs, net.ParseIP(ip))
	}
	return pkiutil.NewCertAndKey(a.cert, a.key, config)
}

// Kubeconfig signs a client certificate and writes a kubeconfig with it to path.
func (a *Authority) Kubeconfig(path, server string, s Subject) error {
	cert, key, err := a.Sign(s)
	if err != nil {
		return fmt.Errorf("make kubeconfig: %w", err)
	}
	const name = "knative-node"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: pkiutil.EncodeCertPEM(a.cert)}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return clientcmd.WriteToFile(*config, path) // mode 0600
}

// NewKeyPair writes NAME.key and NAME.pub. Service-account tokens are signed with
// such a pair.
func NewKeyPair(dir, name string) error {
	key, err := pkiutil.NewPrivateKey(algorithm)
	if err != nil {
		return fmt.Errorf("make key %s: %w", name, err)
	}
	if err := pkiutil.WriteKey(dir, name, key); err != nil {
		return err
	}
	return pkiutil.WritePublicKey(dir, name, key.Public())
}

func write(dir, name string, cert *x509.Certificate, key crypto.Signer) error {
	if err := pkiutil.WriteCertAndKey(dir, name, cert, key); err != nil {
		return err
	}
	return os.Chmod(filepath.Join(dir, name+".crt"), 0o600)
}
