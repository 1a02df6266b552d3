package node

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"github.com/pelletier/go-toml/v2"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

//go:embed config
var configTemplates embed.FS

// pauseImage is the image of the container that holds a pod's namespaces open.
var pauseImage = image.Reference("pause")

// configValues are the values that the templates in the folder config can use.
type configValues struct {
	Layout
	NodeName, PodCIDR, DNSServiceIP, PauseImage string
	Handlers                                    []handler.Handler
}

func (l Layout) configValues() (configValues, error) {
	handlers, err := l.handlers()
	return configValues{
		Layout: l, NodeName: nodeName, PodCIDR: sandbox.PodCIDR, DNSServiceIP: sandbox.DNSServiceIP,
		PauseImage: pauseImage, Handlers: handlers,
	}, err
}

// writeConfigs writes the configuration files of all daemons.
func (l Layout) writeConfigs() error {
	values, err := l.configValues()
	return errors.Join(err,
		writeConfig("containerd.toml", l.config("containerd.toml"), values),
		writeConfig("kubelet.yaml", l.config("kubelet.yaml"), values),
		writeConfig("kube-proxy.yaml", l.config("kube-proxy.yaml"), values),
		writeConfig("cni.conflist", l.config("cni/10-pods.conflist"), values),
	)
}

// writeContainerdConfig writes containerd's configuration anew when handlers have come or
// gone.
func (l Layout) writeContainerdConfig() error {
	values, err := l.configValues()
	if err != nil {
		return err
	}
	return writeConfig("containerd.toml", l.config("containerd.toml"), values)
}

// writeConfig fills in the template called name and writes it to path.
func writeConfig(name, path string, values configValues) error {
	t, err := template.New(name).Funcs(template.FuncMap{"toml": tomlLine}).ParseFS(configTemplates, "config/"+name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(t.Execute(f, values), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// tomlLine is a line of TOML that gives a key a value, whatever characters the value has.
func tomlLine(key string, value any) (string, error) {
	line, err := toml.Marshal(map[string]any{key: value})
	return string(bytes.TrimSpace(line)), err
}
