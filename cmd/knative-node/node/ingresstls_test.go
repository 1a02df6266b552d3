package node

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/pki"
)

func TestIngressCertificate(t *testing.T) {
	dir := t.TempDir()
	ca, err := pki.NewAuthority(dir, "ca")
	if err != nil {
		t.Fatal(err)
	}
	i := &ingressTLS{ca: ca, folder: filepath.Join(dir, "tls")}
	if err := i.add("default"); err != nil {
		t.Fatal(err)
	}
	if err := verifyHost(t, dir, "hello.default.cold.test"); err != nil {
		t.Error(err)
	}
	if err := verifyHost(t, dir, "hello.later.cold.test"); err == nil {
		t.Error("the certificate has a host of a namespace that there is not")
	}

	client := fake.NewClientset(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "later"}})
	i.follow(t.Context(), client, func(err error) { t.Error(err) })
	for deadline := time.Now().Add(time.Minute); verifyHost(t, dir, "hello.later.cold.test") != nil; {
		if time.Now().After(deadline) {
			t.Fatal("the certificate never got the hosts of the new namespace")
		}
		time.Sleep(time.Millisecond)
	}
	if err := verifyHost(t, dir, "hello.default.cold.test"); err != nil {
		t.Error(err)
	}
}

// verifyHost verifies the certificate in the ingress's configuration as a client does.
func verifyHost(t *testing.T, dir, host string) error {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "tls", "certificate.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		TLS struct {
			Stores map[string]struct {
				DefaultCertificate struct{ CertFile, KeyFile string }
			}
		}
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	files := config.TLS.Stores["default"].DefaultCertificate
	pair, err := tls.X509KeyPair([]byte(files.CertFile), []byte(files.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	authority, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil || !roots.AppendCertsFromPEM(authority) {
		t.Fatalf("no certificate of the authority: %v", err)
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host})
	return err
}
