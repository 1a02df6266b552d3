package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completionPatience is for busy machines: the program itself gives a cluster a second.
const completionPatience = 20 * time.Second

// fakeCluster answers for the names of things, and writes a kubeconfig of its own.
func fakeCluster(t *testing.T) (kubeconfig string) {
	t.Helper()
	list := func(kind string, names ...string) http.HandlerFunc {
		var items []string
		for _, name := range names {
			items = append(items, fmt.Sprintf(`{"metadata": {"name": %q}}`, name))
		}
		group, kind, _ := strings.Cut(kind, " ")
		text := fmt.Sprintf(`{"apiVersion": %q, "kind": %q, "items": [%s]}`, group, kind, strings.Join(items, ", "))
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, text)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/apis/node.k8s.io/v1/runtimeclasses", list("node.k8s.io/v1 RuntimeClassList", "runc", "gvisor"))
	mux.Handle("/api/v1/namespaces", list("v1 NamespaceList", "shop", "bench"))
	mux.Handle("/apis/serving.knative.dev/v1/namespaces/shop/services", list("serving.knative.dev/v1 ServiceList", "cart"))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return writeKubeconfig(t, fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: %q}}]
contexts: [{name: far, context: {cluster: c}}, {name: near, context: {cluster: c, namespace: shop}}]
current-context: far
`, server.URL))
}

func writeKubeconfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// completedWith are the completions of the last word of a command line, with their directive.
// Nothing but cobra's own line may be on standard error.
func completedWith(t *testing.T, folder string, words ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), completionPatience)
	defer cancel()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, "kn-coldstart", append([]string{cobra.ShellCompNoDescRequestCmd}, words...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(folder, "none"), "KN_COLDSTART_NOSUCH=1")
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", words, err, &stderr)
	}
	if lines := strings.Split(strings.TrimSpace(stderr.String()), "\n"); len(lines) != 1 || !strings.HasPrefix(lines[0], "Completion ended with directive") {
		t.Errorf("%v: standard error has %q", words, lines)
	}
	return strings.Join(shown(strings.Fields(stdout.String()), words[len(words)-1]), " ")
}

// shown is what a shell leaves of completions: those that begin as the word does. The last
// one is the directive, and "jsonl" stands for all files of that kind.
func shown(completions []string, word string) []string {
	_, value, assigned := strings.Cut(word, "=")
	if !assigned {
		value = word
	}
	return slices.DeleteFunc(completions, func(c string) bool {
		return !strings.HasPrefix(c, value) && !strings.HasPrefix(c, ":") && c != "jsonl"
	})
}

func TestValuesAreCompleted(t *testing.T) {
	kubeconfig := fakeCluster(t)
	silent := writeKubeconfig(t, silentServer(t))
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, runFolder), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"20261121-1.jsonl", "20261121-2.jsonl", "verdict.xml"} {
		if err := os.WriteFile(filepath.Join(folder, runFolder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ words, want string }{
		// From the cluster.
		{"single --kubeconfig FAKE --runtime-class |", "gvisor runc default :4"},
		{"single --kubeconfig FAKE --runtime-class runc,|", "runc,gvisor runc,runc runc,default :4"},
		{"single --kubeconfig FAKE --runtime-class runc,g|", "runc,gvisor :4"},
		{"ab --kubeconfig FAKE --runtime-class=r|", "runc :4"},
		{"doctor --kubeconfig FAKE -n |", "bench shop :4"},
		{"single --kubeconfig FAKE -n shop --service |", "cart :4"},
		{"single --kubeconfig FAKE --context near --service |", "cart :4"},
		{"single --kubeconfig FAKE --service |", ":4"}, // 404
		// From the kubeconfig.
		{"clean --kubeconfig FAKE --context |", "far near :4"},
		{"clean --kubeconfig nosuch --context |", ":4"},
		// From a cluster that says nothing, one that nobody named, and one that makes no sense.
		{"single --kubeconfig SILENT --runtime-class |", "default :4"},
		{"single --verbose --kubeconfig SILENT -n |", ":4"},
		{"single --kubeconfig nosuch --runtime-class |", "default :4"},
		{"single --kubeconfig nosuch -n A --service |", ":4"},
		// Run files, the latest first; then others.
		{"report |", "results/20261121-2.jsonl results/20261121-1.jsonl :36"},
		{"compare results/20261121-2.jsonl |", "results/20261121-1.jsonl :36"},
		{"gate results/20261121-2.jsonl --baseline |", "results/20261121-1.jsonl :36"},
		{"history o|", "jsonl :8"},
		// What this program knows by itself.
		{"compare -o |", "json markdown text wide :4"},
		{"gate --output m|", "markdown :4"},
		{"single --preset |", "knative-study :4"},
		{"gate x --slo p|", "p(95)<2s :4"},
		{"ab --pull-policy If|", "IfNotPresent :4"},
		{"report --color a|", "auto always :4"},
		{"work --programs 7zip,r|", "7zip,redis :4"},
		{"single --body |", ":0"}, // a file
		{"single |", ":4"},
		{"help clus|", "cluster :4"},
		{"help cluster lo|", "load-image logs :4"},
		{"cluster load-image |", ":0"},
		{"completion f|", "fish :4"},
	} {
		words := strings.NewReplacer("FAKE", kubeconfig, "SILENT", silent, "|", "").Replace(c.words)
		if got := completedWith(t, folder, strings.Split(words, " ")...); got != c.want {
			t.Errorf("%s: %s, want %s", c.words, got, c.want)
		}
	}
}

// The kubeconfig may be named by the environment as well.
func TestCompletionReadsTheEnvironment(t *testing.T) {
	t.Setenv("KN_COLDSTART_KUBECONFIG", fakeCluster(t))
	if got := completedWith(t, t.TempDir(), "doctor", "-n", "s"); got != "shop :4" {
		t.Errorf("got %s", got)
	}
}

// A flag that takes a file is completed, although most are not completed with files.
func TestFilesAreCompleted(t *testing.T) {
	found := 0
	everyCommand(newRoot(), func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !strings.HasPrefix(f.Usage, "file ") && !strings.HasSuffix(f.Usage, " file") {
				return
			}
			found++
			complete := flagCompletions[f.Name]
			if complete == nil {
				t.Errorf("%s --%s (%s) is not completed", cmd.CommandPath(), f.Name, f.Usage)
			}
		})
	})
	if found < 20 {
		t.Errorf("only %d flags take a file", found)
	}
}

// Each completion belongs to a flag that there is.
func TestCompletionsHaveFlags(t *testing.T) {
	known := knownFlags(t)
	for name := range flagCompletions {
		if !known[name] {
			t.Errorf("there is no flag --%s to complete", name)
		}
	}
}
