package pki

import (
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	ca, err := NewAuthority(dir, "ca")
	if err != nil {
		t.Fatal(err)
	}
	if err := ca.Issue(Subject{Name: "server", Names: []string{"localhost"}, IPs: []string{"198.18.0.2"}}); err != nil {
		t.Fatal(err)
	}
	if err := ca.Issue(Subject{Name: "client", User: "someone", Groups: []string{"some"}}); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(read(t, filepath.Join(dir, "ca.crt")))
	server, client := read(t, filepath.Join(dir, "server.crt")), read(t, filepath.Join(dir, "client.crt"))
	if _, err := server.Verify(x509.VerifyOptions{Roots: roots, DNSName: "198.18.0.2"}); err != nil {
		t.Error(err)
	}
	if _, err := client.Verify(x509.VerifyOptions{Roots: roots}); err == nil {
		t.Error("a client's certificate is accepted as a server's")
	}
	if _, err := client.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	if client.Subject.CommonName != "someone" || client.Subject.Organization[0] != "some" {
		t.Errorf("subject %v", client.Subject)
	}
}

func TestOnlyRootReadsTheFiles(t *testing.T) {
	dir := t.TempDir()
	ca, err := NewAuthority(dir, "ca")
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := ca.Kubeconfig(kubeconfig, "https://198.18.0.2:6443", Subject{Name: "admin"}); err != nil {
		t.Fatal(err)
	}
	if err := NewKeyPair(dir, "sa"); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && !d.IsDir() && info.Mode().Perm() != 0o600 && filepath.Ext(path) != ".pub" {
			t.Errorf("%s has mode %v", filepath.Base(path), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if config.Insecure || len(config.CAData) == 0 || len(config.CertData) == 0 {
		t.Error("the kubeconfig does not verify the server, or has no certificate")
	}
}

func read(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
