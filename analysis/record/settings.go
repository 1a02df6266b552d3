package record

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Settings are the options of an experiment, after defaults. A field is zero where
// the experiment has no such option.
//
// The tag compare says whether runs that differ in the field can be compared:
// "same" for what changes what one sample measures, "any" for what does not, such
// as how many samples there are.
type Settings struct {
	// The services under test. Requests and Limits are Kubernetes quantities by the name
	// of the resource. Of the values in Env, and of those in Command and Args that are
	// written NAME=VALUE, a run file holds hashes.
	StableWindow  time.Duration     `json:"stableWindowNs,omitempty" compare:"same"`
	ClientTimeout time.Duration     `json:"clientTimeoutNs,omitempty" compare:"same"`
	Env           map[string]string `json:"env,omitempty" compare:"same"`
	Requests      map[string]string `json:"requests,omitempty" compare:"same"`
	Limits        map[string]string `json:"limits,omitempty" compare:"same"`
	// What else the pods of the services have, in the words of `kn service create`. The
	// names of the ServiceAccount and of the pull secret, and the tolerations, change no
	// start that takes place.
	Port             string            `json:"port,omitempty" compare:"same"`
	Command          []string          `json:"command,omitempty" compare:"same"`
	Args             []string          `json:"args,omitempty" compare:"same"`
	EnvFrom          []string          `json:"envFrom,omitempty" compare:"same"`
	ServiceAccount   string            `json:"serviceAccount,omitempty" compare:"any"`
	PullSecret       string            `json:"pullSecret,omitempty" compare:"any"`
	PullPolicy       string            `json:"pullPolicy,omitempty" compare:"same"`
	Annotations      map[string]string `json:"annotations,omitempty" compare:"same"`
	ConcurrencyLimit int               `json:"concurrencyLimit,omitempty" compare:"same"`
	NodeSelector     map[string]string `json:"nodeSelector,omitempty" compare:"same"`
	Tolerations      []string          `json:"tolerations,omitempty" compare:"any"`
	// Manifest is the SHA-256 of the file in which the user wrote the service, ManifestFile
	// the file's name, and ManifestChanges what the run changed in it.
	Manifest        string   `json:"manifest,omitempty" compare:"same"`
	ManifestFile    string   `json:"manifestFile,omitempty" compare:"any"`
	ManifestChanges []string `json:"manifestChanges,omitempty" compare:"any"`

	// ExistingServices are those that were there before the run, if it measured such.
	// Then it has no settings of services of its own.
	ExistingServices []ExistingService `json:"existingServices,omitempty" compare:"any"`

	// Request is how the requests look. Nil stands for a GET of / over HTTP/1.1, to be
	// answered with status 2xx.
	Request *Request `json:"request,omitempty" compare:"same"`

	// Measuring. Iterations is how many cold starts there are of each class, or how many
	// rounds of each class and number of services. Preset is the name of a set of options
	// that these came from.
	Iterations int    `json:"iterations,omitempty" compare:"any"`
	Preset     string `json:"preset,omitempty" compare:"any"`
	// OffsetRequests is how many warm requests follow each cold start, to estimate the
	// offset of the function's clock.
	OffsetRequests int `json:"offsetRequests,omitempty" compare:"any"`
	// TracedBlocks is how many blocks of traced starts follow the others.
	TracedBlocks int `json:"tracedBlocks,omitempty" compare:"any"`
	// Traces says that Knative's components reported each request, which takes time. Only
	// older runs have it.
	Traces bool `json:"traces,omitempty" compare:"same"`
	// WithPull says that cold starts for which an image was pulled are in the quantiles.
	WithPull bool `json:"withPull,omitempty" compare:"same"`
	// ServicesPerClass and ServicesPerSide are how many services of each take turns. They
	// follow from the other options.
	ServicesPerClass int `json:"servicesPerClass,omitempty" compare:"any"`
	ServicesPerSide  int `json:"servicesPerSide,omitempty" compare:"any"`

	// Rounds. Services are the numbers of services that are fired together; each number
	// has results of its own. Settle is the pause between
	// all services being at zero and the first request of a round.
	Services   []int         `json:"services,omitempty" compare:"any"`
	Arrival    string        `json:"arrival,omitempty" compare:"same"`
	Preconnect bool          `json:"preconnect,omitempty" compare:"same"`
	Settle     time.Duration `json:"settleNs,omitempty" compare:"same"`
	// InitialScale is how many instances a service had to have to get Ready. DeployRounds
	// says that each number of services was deployed and removed by itself before.
	InitialScale int  `json:"initialScale,omitempty" compare:"same"`
	DeployRounds bool `json:"deployRounds,omitempty" compare:"any"`
	// UntilFailure says that the run searches for the largest number of services that
	// holds, up to MaxServices. Stop says what a round that did not hold is like.
	UntilFailure bool     `json:"untilFailure,omitempty" compare:"same"`
	MaxServices  int      `json:"maxServices,omitempty" compare:"any"`
	Stop         []string `json:"stop,omitempty" compare:"same"`

	// A load. Rate says when its requests are due, as it is written on the command line, and
	// RateFile is the SHA-256 of the file that it names, if it does. InFlight is how many
	// requests may be under way.
	Rate     string        `json:"rate,omitempty" compare:"same"`
	RateFile string        `json:"rateFile,omitempty" compare:"same"`
	Duration time.Duration `json:"durationNs,omitempty" compare:"same"`
	InFlight int           `json:"inFlight,omitempty" compare:"any"`
	// RecoveredLimit is the latency that p99 of a second has to be under for the service to
	// count as recovered.
	RecoveredLimit time.Duration `json:"recoveredLimitNs,omitempty" compare:"same"`
	// Warm is how many instances were Ready before the load began. The others are the
	// autoscaler's settings of the services.
	Warm              int `json:"warm,omitempty" compare:"same"`
	MinScale          int `json:"minScale,omitempty" compare:"same"`
	MaxScale          int `json:"maxScale,omitempty" compare:"same"`
	ConcurrencyTarget int `json:"concurrencyTarget,omitempty" compare:"same"`

	// Workers is how many workers in the cluster sent the requests; with zero the tool did so
	// itself. WorkerImage is their image, and WorkerNodeSelector says which nodes they might run
	// on.
	Workers            int               `json:"workers,omitempty" compare:"same"`
	WorkerImage        string            `json:"workerImage,omitempty" compare:"any"`
	WorkerNodeSelector map[string]string `json:"workerNodeSelector,omitempty" compare:"any"`

	// Work. Programs are those that each instance runs, one after the other. RedisRequests is
	// how many requests there are for each command of Redis, and ProgramTime how long each
	// step of the other programs takes.
	Programs      []string      `json:"programs,omitempty" compare:"same"`
	RedisRequests int           `json:"redisRequests,omitempty" compare:"same"`
	ProgramTime   time.Duration `json:"programTimeNs,omitempty" compare:"same"`
	// Native says that the programs ran outside of any container, too.
	Native bool `json:"native,omitempty" compare:"any"`

	// Two sides that are measured in turns.
	MaxBlocks int           `json:"maxBlocks,omitempty" compare:"any"`
	Budget    time.Duration `json:"budgetNs,omitempty" compare:"any"`
	Tolerance *Tolerance    `json:"tolerance,omitempty" compare:"any"`
	// Percentiles are those that the sides are judged at, such as 50 and 95.
	Percentiles []float64 `json:"percentiles,omitempty" compare:"any"`
	A           *Side     `json:"a,omitempty" compare:"same"`
	B           *Side     `json:"b,omitempty" compare:"same"`

	// Scenario says where the run comes from if it is of a scenario file.
	Scenario *Scenario `json:"scenario,omitempty" compare:"any"`

	// Other holds the settings that this version does not know, by their JSON names.
	// Runs that differ in one of them cannot be compared.
	Other map[string]any `json:"-" compare:"same"`
}

// Side is what one side of an A/B run is made of.
type Side struct {
	RuntimeClass string            `json:"runtimeClass"`
	Image        string            `json:"image"`
	Env          map[string]string `json:"env,omitempty"`
	Requests     map[string]string `json:"requests,omitempty"`
	Limits       map[string]string `json:"limits,omitempty"`
	// Manifest is the SHA-256 of the file in which the user wrote the side's service, and
	// ManifestFile the file's name.
	Manifest     string `json:"manifest,omitempty"`
	ManifestFile string `json:"manifestFile,omitempty"`
}

// Tolerance is how much slower is accepted even if it is shown. A change exceeds it
// if it is larger than Share of the baseline, which is a number such as 0.1, and
// larger than Absolute.
type Tolerance struct {
	Share    float64       `json:"share"`
	Absolute time.Duration `json:"absoluteNs"`
}

// Of is the tolerance as a share of a baseline in nanoseconds: the larger of the two.
func (t Tolerance) Of(base float64) float64 { return max(t.Share, float64(t.Absolute)/base) }

// Setting is one field of Settings.
type Setting struct {
	// Name is the field's JSON name.
	Name string
	// Value is the field's value as encoding/json decodes it: durations are numbers
	// of nanoseconds. It is nil where the field is zero.
	Value any
	// Same says that runs that differ in this setting cannot be compared.
	Same bool
}

// List has every setting that is not zero, in the order of names.
func (s Settings) List() []Setting {
	values := map[string]any{}
	if text, err := json.Marshal(s); err == nil {
		_ = json.Unmarshal(text, &values) // it was just written
	}
	var list []Setting
	for _, name := range slices.Sorted(maps.Keys(values)) {
		same, known := settingsCompared[name]
		list = append(list, Setting{Name: name, Value: values[name], Same: same || !known})
	}
	return list
}

// settingsCompared says of each JSON name whether runs must agree in it.
var settingsCompared = func() map[string]bool {
	all := map[string]bool{}
	for field := range reflect.TypeFor[Settings]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" {
			all[name] = field.Tag.Get("compare") == "same"
		}
	}
	return all
}()

// MarshalJSON writes the known settings and the others into one object. A known
// setting stands in for another one of the same name.
func (s Settings) MarshalJSON() ([]byte, error) {
	type known Settings // without the methods, so that encoding does not come back here
	text, err := json.Marshal(known(s))
	if err != nil || len(s.Other) == 0 {
		return text, err
	}
	all := map[string]json.RawMessage{}
	for name, value := range s.Other {
		if all[name], err = json.Marshal(value); err != nil {
			return nil, fmt.Errorf("write setting %s: %w", name, err)
		}
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("write settings: %w", err)
	}
	return json.Marshal(all)
}

// UnmarshalJSON reads the known settings and keeps the others as they are. A known
// setting whose value has another type than it should is kept among the others, so
// that no file becomes unreadable.
func (s *Settings) UnmarshalJSON(text []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	*s = Settings{}
	into := settingTargets(s)
	for name, raw := range fields {
		if target, known := into[name]; known && json.Unmarshal(raw, target) == nil {
			continue
		}
		if s.Other == nil {
			s.Other = map[string]any{}
		}
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			return fmt.Errorf("read setting %s: %w", name, err)
		}
		s.Other[name] = value
	}
	return nil
}

// settingTargets are pointers to the fields of s, by their JSON names.
func settingTargets(s *Settings) map[string]any {
	into := map[string]any{}
	value := reflect.ValueOf(s).Elem()
	for i := range value.NumField() {
		if name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ","); name != "-" {
			into[name] = value.Field(i).Addr().Interface()
		}
	}
	return into
}
