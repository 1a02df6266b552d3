package handler

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	runcoptions "github.com/containerd/containerd/api/types/runc/options"
	"github.com/pelletier/go-toml/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Help says how a handler is written, for help texts.
const Help = `A handler is NAME=BINARY[,KEY=VALUE]... NAME becomes its RuntimeClass. BINARY takes the same commands
as runc (runc, crun, youki), and is run by containerd's shim for runc. With a type, BINARY is a shim of its own:

  type=TYPE                     what containerd calls the shim, as in io.containerd.kata.v2
  program=FILE                  a program that the shim starts; it is found first on the shim's PATH
  options=FILE                  the shim's configuration file; without a type, containerd's options for runc in TOML
  env=NAME=VALUE                environment of the shim and of what it starts
  snapshotter=NAME              what lays out the containers' files
  pod-annotation=PATTERN        annotations of pods that the shim is told; also container-annotation=PATTERN
  overhead-cpu=QUANTITY         what a pod takes beside its containers; also overhead-memory=QUANTITY
  needs=NAME                    a file such as /dev/kvm, or a kernel module, without which you are warned

env, needs and the annotations can be given several times. A part that contains a comma stands in double quotes.
The files are copied: what you build meanwhile changes nothing that is measured.`

// keys are what may follow the binary, in the form KEY=VALUE.
var keys = map[string]func(h *Handler, value string) error{
	"type":            setType,
	"program":         func(h *Handler, v string) (err error) { h.Program, err = executable(v); return },
	"options":         func(h *Handler, v string) (err error) { h.OptionsFile, err = file(v); return },
	"snapshotter":     func(h *Handler, v string) error { h.Snapshotter = v; return nil },
	"overhead-cpu":    func(h *Handler, v string) error { return h.addOverhead(corev1.ResourceCPU, v) },
	"overhead-memory": func(h *Handler, v string) error { return h.addOverhead(corev1.ResourceMemory, v) },
	"env":             addEnv,
	"needs":           func(h *Handler, v string) error { h.UserNeeds = append(h.UserNeeds, v); return nil },
	"pod-annotation":  func(h *Handler, v string) error { h.PodAnnotations = append(h.PodAnnotations, v); return nil },
	"container-annotation": func(h *Handler, v string) error {
		h.ContainerAnnotations = append(h.ContainerAnnotations, v)
		return nil
	},
}

// repeatable are the keys that may stand more than once.
var repeatable = []string{"env", "needs", "pod-annotation", "container-annotation"}

// files are the keys whose values are paths. They are not settings: the checksum of the
// file is what matters.
var files = []string{"program", "options"}

// Parse reads a handler from text as Help describes it. Its paths are those of the user's
// files, which exist.
func Parse(text string) (Handler, error) {
	h, err := parse(text)
	if err != nil {
		return h, fmt.Errorf("handler %q: %w", text, err)
	}
	return h, nil
}

func parse(text string) (h Handler, err error) {
	parts, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return h, errors.New("it is not NAME=BINARY[,KEY=VALUE]...; a part that contains a comma stands in double quotes")
	}
	name, binary, found := strings.Cut(parts[0], "=")
	if !found {
		return h, errors.New("it does not begin with NAME=BINARY")
	}
	if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
		return h, fmt.Errorf("%q cannot be the name of a RuntimeClass's handler: %s", name, problems[0])
	}
	h.Name = name
	if binary, err = executable(binary); err != nil {
		return h, err
	}
	if err := h.set(parts[1:]); err != nil {
		return h, err
	}
	return h, h.complete(binary)
}

// set sets what the KEY=VALUE parts say.
func (h *Handler) set(parts []string) error {
	var seen, settings []string
	for _, part := range parts {
		key, value, found := strings.Cut(part, "=")
		set, known := keys[key]
		switch {
		case !known:
			return fmt.Errorf("unknown key %q; the keys are %s", key, strings.Join(sortedKeys(), ", "))
		case !found || value == "":
			return fmt.Errorf("%s has no value", key)
		case slices.Contains(seen, key) && !slices.Contains(repeatable, key):
			return fmt.Errorf("%s is given twice", key)
		}
		if err := set(h, value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		seen = append(seen, key)
		if !slices.Contains(files, key) {
			settings = append(settings, part)
		}
	}
	slices.Sort(settings)
	h.Settings = strings.Join(settings, " ")
	return nil
}

func sortedKeys() []string {
	var all []string
	for key := range keys {
		all = append(all, key)
	}
	slices.Sort(all)
	return all
}

// complete says what the binary is, now that all keys are known.
func (h *Handler) complete(binary string) error {
	if h.RuntimeType != "" {
		h.Shim = binary
	} else if h.Program != "" {
		return errors.New("program is for a shim, which has a type")
	} else {
		h.RuntimeType, h.Program = RuncShim, binary
	}
	if err := h.checkNames(); err != nil {
		return err
	}
	if _, err := h.Options(); err != nil {
		return fmt.Errorf("options: %w", err)
	}
	return nil
}

// checkNames returns an error for files whose copies would have one name, or that of the
// starter, which lies beside them.
func (h *Handler) checkNames() error {
	taken := map[string]string{starterName: "the script with which the node starts shims"}
	for _, file := range h.ownFiles() {
		if *file.path == "" {
			continue
		}
		name := filepath.Base(*file.path)
		if other := taken[name]; other != "" {
			return fmt.Errorf("%s and %s are both called %s", file.is, other, name)
		}
		taken[name] = file.is
	}
	return nil
}

// readRuncOptions reads options of the shim for runc, as containerd does.
func readRuncOptions(path string) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	decoder := toml.NewDecoder(bytes.NewReader(text))
	if err := decoder.DisallowUnknownFields().Decode(&runcoptions.Options{}); err != nil {
		var unknown *toml.StrictMissingError
		if errors.As(err, &unknown) {
			return nil, fmt.Errorf("%s: containerd's shim for runc has no such option:\n%s", path, unknown.String())
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	options := map[string]any{}
	if err := toml.Unmarshal(text, &options); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for name := range options {
		if strings.EqualFold(name, binaryName) {
			return nil, fmt.Errorf("%s: %s is the handler's own binary", path, name)
		}
	}
	return options, nil
}

// runtimeType is how containerd names shims. It makes the name of the shim's program from
// the last two parts.
var runtimeType = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2,}$`)

func setType(h *Handler, value string) error {
	if !runtimeType.MatchString(value) {
		return fmt.Errorf("%q is not of the form io.containerd.NAME.v2", value)
	}
	h.RuntimeType = value
	return nil
}

// variable is the name of an environment variable.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func addEnv(h *Handler, value string) error {
	name, _, found := strings.Cut(value, "=")
	if !found || !variable.MatchString(name) {
		return fmt.Errorf("%q is not of the form NAME=VALUE", value)
	}
	h.Env = append(h.Env, value)
	return nil
}

func (h *Handler) addOverhead(of corev1.ResourceName, value string) error {
	quantity, err := resource.ParseQuantity(value)
	if err != nil || quantity.Sign() < 0 {
		return fmt.Errorf("%q is no quantity, such as 250m of a processor or 64Mi of memory", value)
	}
	if h.Overhead == nil {
		h.Overhead = corev1.ResourceList{}
	}
	h.Overhead[of] = quantity
	return nil
}

// file is the absolute path of a file that exists.
func file(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no file %s", path)
	}
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file", path)
	}
	return filepath.Abs(path)
}

// executable is the absolute path of a file that may be executed.
func executable(path string) (string, error) {
	if path == "" {
		return "", errors.New("it names no binary")
	}
	absolute, err := file(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(absolute)
	if err != nil {
		return "", err
	}
	if info.Mode()&0o111 == 0 {
		return "", fmt.Errorf("%s is not executable: chmod +x %s", path, path)
	}
	return absolute, nil
}
