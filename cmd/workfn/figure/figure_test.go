package figure

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func output(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func file(mode string, writes bool) func(string) ([]Figure, error) {
	return func(text string) ([]Figure, error) { return SysbenchFile(text, mode, writes) }
}

// readers are by the beginning of the names in testdata.
var readers = map[string]func(string) ([]Figure, error){
	"7zip":                    SevenZip,
	"redis":                   Redis,
	"sysbench-cpu":            SysbenchCPU,
	"sysbench-memory":         SysbenchMemory,
	"sysbench-fileio-seqrd":   file("read", false),
	"sysbench-fileio-seqwr":   file("write", true),
	"sysbench-fileio-seqrewr": file("rewrite", true),
}

func TestReadersKnowBothVersions(t *testing.T) {
	for name, want := range map[string][]Figure{
		"7zip-bookworm":                    {{"compression", 1305, MIPS}, {"decompression", 1200, MIPS}, {"total", 1253, MIPS}},
		"7zip-trixie":                      {{"compression", 1303, MIPS}, {"decompression", 1624, MIPS}, {"total", 1463, MIPS}},
		"sysbench-cpu-bookworm":            {{"events", 818.89, EventsPerSecond}, {"latency min", 0.73, Milliseconds}, {"latency avg", 1.21, Milliseconds}, {"latency p95", 4.91, Milliseconds}},
		"sysbench-cpu-trixie":              {{"events", 761.8, EventsPerSecond}, {"latency min", 0.72, Milliseconds}, {"latency avg", 1.3, Milliseconds}, {"latency p95", 4.82, Milliseconds}},
		"sysbench-memory-bookworm":         {{"transferred", 3212.02, MiBPerSecond}},
		"sysbench-memory-trixie":           {{"transferred", 3075.38, MiBPerSecond}},
		"sysbench-fileio-seqrd-bookworm":   {{"read", 2481.29, MiBPerSecond}},
		"sysbench-fileio-seqrd-trixie":     {{"read", 2644.77, MiBPerSecond}},
		"sysbench-fileio-seqwr-bookworm":   {{"write", 94.99, MiBPerSecond}},
		"sysbench-fileio-seqwr-trixie":     {{"write", 104.16, MiBPerSecond}},
		"sysbench-fileio-seqrewr-bookworm": {{"rewrite", 106.83, MiBPerSecond}},
		"sysbench-fileio-seqrewr-trixie":   {{"rewrite", 135.48, MiBPerSecond}},
	} {
		t.Run(name, func(t *testing.T) {
			program := name[:strings.LastIndex(name, "-")]
			got, err := readers[program](output(t, name+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("figures (-want +got):\n%s", diff)
			}
		})
	}
}

// Redis 8 has a command more. Names stand as they are printed.
func TestRedisKnowsBothVersions(t *testing.T) {
	for name, want := range map[string]struct {
		commands int
		first    Figure
		last     Figure
	}{
		"redis-bookworm.txt": {20, Figure{"PING_INLINE", 12987.01, RequestsPerSecond}, Figure{"MSET (10 keys)", 3703.7, RequestsPerSecond}},
		"redis-trixie.txt":   {21, Figure{"PING_INLINE", 18348.62, RequestsPerSecond}, Figure{"XADD", 15625, RequestsPerSecond}},
	} {
		got, err := Redis(output(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != want.commands || got[0] != want.first || got[len(got)-1] != want.last {
			t.Errorf("%s: %d commands, from %v to %v", name, len(got), got[0], got[len(got)-1])
		}
	}
}

// Whatever is cut out of an output, or put into it, no figure is made up.
func TestWhatIsNotUnderstoodIsAnError(t *testing.T) {
	for name, damage := range map[string]struct {
		file     string
		old, new string
		problem  string
	}{
		"no heading":         {"redis-bookworm", `"rps"`, `"requests"`, "no columns test and rps"},
		"no number":          {"redis-bookworm", `"12987.01"`, `"nan"`, "no number that can have been measured"},
		"no answer":          {"redis-bookworm", `"12987.01"`, `"0.00"`, "no request was answered"},
		"a complaint":        {"redis-bookworm", `"GET",`, "Error: Connection reset\n\"GET\",", "wrong number of fields"},
		"no averages":        {"7zip-trixie", "Avr:", "Average:", "no line Avr:"},
		"a column more":      {"7zip-trixie", "Avr:", "Avr: 1", "5 columns, and not 4"},
		"no total":           {"7zip-bookworm", "Tot:", "", "no line Tot:"},
		"another unit":       {"7zip-bookworm", "MIPS", "GIPS", "no columns of ratings in MIPS"},
		"no events":          {"sysbench-cpu-bookworm", "events per second:", "events:", "0 lines of events"},
		"two tests":          {"sysbench-cpu-trixie", "General statistics:", "    avg:   1.0\n", "2 lines of latency avg"},
		"latencies in s":     {"sysbench-cpu-trixie", "Latency (ms):", "Latency (s):", "no heading of latencies in ms"},
		"another size":       {"sysbench-memory-bookworm", "MiB/sec", "GiB/sec", "0 lines of transferred"},
		"nothing was read":   {"sysbench-fileio-seqrd-trixie", "read, MiB/s:                  ", "read, MiB/s: -", "no number that can have been measured"},
		"the other one":      {"sysbench-fileio-seqwr-trixie", "written, MiB/s:", "written:", "0 lines of write"},
		"nothing at all":     {"sysbench-cpu-bookworm", "", "", "no heading of latencies in ms. It printed:\nnothing"},
		"redis says nothing": {"redis-bookworm", "", "", "no row of a command below its heading. It printed:\nnothing"},
	} {
		t.Run(name, func(t *testing.T) {
			text := output(t, damage.file+".txt")
			if !strings.Contains(text, damage.old) {
				t.Fatalf("%s has no %q", damage.file, damage.old)
			}
			text = strings.ReplaceAll(text, damage.old, damage.new)
			if damage.old == "" {
				text = ""
			}
			program := damage.file[:strings.LastIndex(damage.file, "-")]
			figures, err := readers[program](text)
			var unknown *Error
			if !errors.As(err, &unknown) || figures != nil || !strings.Contains(err.Error(), damage.problem) || unknown.Text != text {
				t.Errorf("%v, error %v", figures, err)
			}
		})
	}
}

func FuzzReaders(f *testing.F) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		f.Fatalf("%d outputs: %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, read := range readers {
			figures, err := read(text)
			if (err == nil) != (len(figures) > 0) {
				t.Errorf("%s: %v, error %v", name, figures, err)
			}
			for _, one := range figures {
				if !(one.Value >= 0) || one.Unit == "" {
					t.Errorf("%s: %+v", name, one)
				}
			}
		}
	})
}
