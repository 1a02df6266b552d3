package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// endless, when set, makes the test program write samples to the file it names
// until it is killed.
const endless = "KN_COLDSTART_TEST_ENDLESS"

func TestMain(m *testing.M) {
	if path := os.Getenv(endless); path != "" {
		writeUntilKilled(path)
	}
	os.Exit(m.Run())
}

func writeUntilKilled(path string) {
	w, err := Create(path, header())
	for i := 0; err == nil; i++ {
		err = w.Request(sample(i))
		fmt.Println(i + 1)          // so many are written
		if err == nil && i%2 == 0 { // the other proofs never come
			err = w.Sample(sample(i))
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func header() Header {
	return Header{RunID: "20260102-030405", Command: "single", Settings: Settings{Iterations: 3},
		Classes: []Class{{Name: "runc", Image: "example.test/coldfn"}}, Seed: 1<<64 - 1, Started: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
}

func sample(i int) Sample {
	return Sample{Type: TypeSample, RuntimeClass: "runc", Services: 1, Block: i, Service: fmt.Sprintf("runc-%d", i), Namespace: "bench",
		Sent: time.Duration(i), Done: time.Duration(2*i + 1), ResponseLatency: time.Duration(i + 1), Outcome: OK, Cold: Proven, Proof: ProofExclusion,
		Error: "said \"no\"\nand <left>", Phases: []Phase{{Name: PhaseReady, At: -1, Clock: ClockAPI, Resolution: time.Second}}}
}

// file is a run of n samples, written line by line.
func file(t *testing.T, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, header())
	for i := range n {
		err = errors.Join(err, w.Request(sample(i)), w.Sample(sample(i)))
	}
	err = errors.Join(err, w.Event(Event{At: 5, Kind: "created"}), w.Resource(Resource{At: 6, Scope: "node"}))
	if err := errors.Join(err, w.End(time.Minute, EndInterrupted, errors.New("signal"))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	got, err := Read(bytes.NewReader(file(t, 3)))
	if err != nil {
		t.Fatal(err)
	}
	h := header()
	h.Type, h.Schema = TypeRun, SchemaVersion
	want := &Run{Header: h, Samples: []Sample{sample(0), sample(1), sample(2)},
		Events:    []Event{{Type: TypeEvent, At: 5, Kind: "created"}},
		Resources: []Resource{{Type: TypeResource, At: 6, Scope: "node"}},
		End:       &End{Type: TypeEnd, At: time.Minute, Reason: EndInterrupted, Error: "signal", Samples: 3}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Header{}, "Contents")); diff != "" {
		t.Error(diff)
	}
}

// Wherever a file is cut, every line that was completed is read.
func TestReadOfAFileCutAnywhere(t *testing.T) {
	whole := file(t, 3)
	first := bytes.IndexByte(whole, '\n')
	for cut := range len(whole) {
		run, err := Read(bytes.NewReader(whole[:cut]))
		if cut < first {
			if !errors.Is(err, ErrNotRunFile) {
				t.Fatalf("cut at %d, in the header: %v", cut, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		complete := whole[:cut]
		if whole[cut] != '\n' {
			complete = complete[:bytes.LastIndexByte(complete, '\n')+1]
		}
		if want := bytes.Count(complete, []byte(`{"type":"request"`)); len(run.Samples) != want {
			t.Fatalf("cut at %d: %d samples of %d, warnings %v", cut, len(run.Samples), want, run.Warnings)
		}
		if run.End == nil && len(run.Warnings) == 0 {
			t.Fatalf("cut at %d: nothing says that the run did not end", cut)
		}
	}
}

func TestReadErrors(t *testing.T) {
	good := string(file(t, 1))
	head, rest, _ := strings.Cut(good, "\n")
	var newer *NewerSchemaError
	for _, c := range []struct {
		name, in, want string
	}{
		{"empty", "", "not a run file"},
		{"blank lines", "\n\n", "not a run file"},
		{"not JSON", "hello\n", "not a run file"},
		{"no header", rest, "not a run file"},
		{"a JSON that is no object", "[1]\n", "not a run file"},
		{"a header with a byte order mark", "\xef\xbb\xbf" + good, "not a run file: its first line is no run header: it begins with a byte order mark"},
		{"a PDF", "%PDF-1.7\n", "it is a PDF"},
		{"UTF-16", "\xff\xfe{\x00", "it is UTF-16"},
		{"a deep header", `{"type":"run","x":` + strings.Repeat("[", 1e6), "line 1: its JSON is nested more than 64 deep"},
		{"a long header", strings.Repeat(" ", mostLineBytes+1) + good, "line 1: "},
		{"broken gzip", "\x1f\x8b\x08nonsense", "unpack gzip"},
		{"two headers", head + "\n" + head + "\n", "line 2: a second run header"},
		{"a newer schema", `{"type":"run","schema":2}` + "\n", "schema 2, this program reads up to 1"},
		{"a newer schema, cut", `{"type":"run","schema":2}`, "schema 2, this program reads up to 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if strings.HasPrefix(c.name, "a newer") != errors.As(err, &newer) {
				t.Errorf("%v is of the wrong kind", err)
			}
		})
	}
}

func TestWalkHandsOnInOrder(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, header())
	const n = 3000 // some hundred kilobytes, in many batches
	for i := range n {
		err = errors.Join(err, w.Sample(sample(i)))
	}
	if err := errors.Join(err, w.End(1, EndCompleted, nil)); err != nil {
		t.Fatal(err)
	}
	next, headers := 0, 0
	run, err := Walk(&out, Visitor{
		Header: func(h *Header) { headers++ },
		Sample: func(s *Sample) {
			if s.Block != next || headers != 1 {
				t.Fatalf("sample %d comes as number %d, after %d headers", s.Block, next, headers)
			}
			next++
		},
	})
	if err != nil || next != n || run.End.Samples != n || len(run.Samples) != 0 {
		t.Errorf("%v, %d samples, %+v", err, next, run)
	}
}

func TestALineMayBeLong(t *testing.T) {
	s := sample(0)
	s.Error = strings.Repeat("x", 3*batchBytes)
	var out bytes.Buffer
	w, err := NewWriter(&out, header())
	if err := errors.Join(err, w.Sample(s), w.Sample(sample(1))); err != nil {
		t.Fatal(err)
	}
	run, err := Read(&out)
	if err != nil || len(run.Samples) != 2 || run.Samples[0].Error != s.Error {
		t.Errorf("%v, %d samples", err, len(run.Samples))
	}
}

func TestABrokenLineFarIntoAFileIsNamed(t *testing.T) {
	whole := file(t, 1000)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	lines[700] = []byte("{\"type\":\"sample\",\n")
	given := 0
	run, err := Walk(bytes.NewReader(bytes.Join(lines, nil)), Visitor{Sample: func(*Sample) { given++ }})
	// The request of the broken sample is read in its place.
	if err != nil || given != 1000 || !strings.HasPrefix(run.Warnings[0], "line 701 is broken and was skipped: ") {
		t.Errorf("%v after %d samples: %q", err, given, run.Warnings)
	}
}

func TestReadJoinsSpansToTheirSamples(t *testing.T) {
	span := func(trace, name string, start int64) TraceSpan {
		return TraceSpan{Type: TypeSpan, TraceID: trace, Span: Span{Service: "activator", Name: name, Start: start}}
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, header())
	for i, id := range []string{"a", "", "b"} {
		s := sample(i)
		s.TraceID = id
		err = errors.Join(err, w.Span(span("b", fmt.Sprint(i), int64(9-i))), w.Sample(s))
	}
	if err := errors.Join(err, w.Span(span("a", "late", 1)), w.Span(span("lost", "x", 1)), w.Span(span("", "none", 1))); err != nil {
		t.Fatal(err)
	}
	run, err := Read(&out)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, s := range run.Samples {
		var names []string
		for _, one := range s.Spans {
			names = append(names, one.Name)
		}
		got = append(got, names)
	}
	if diff := cmp.Diff([][]string{{"late"}, nil, {"2", "1", "0"}}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]TraceSpan{span("lost", "x", 1), span("", "none", 1)}, run.Spans); diff != "" {
		t.Error(diff)
	}
}

func TestReadSkipsWhatItDoesNotKnow(t *testing.T) {
	head, _, _ := strings.Cut(string(file(t, 0)), "\n")
	run, err := Read(strings.NewReader(head + "\n\n" + `{"type":"later","x":1}` + "\n" + `{"type":"sample","runtimeClass":"runc","novel":{}}` + "\n{}\n"))
	if err != nil || len(run.Samples) != 1 || len(run.Warnings) != 3 || !strings.Contains(run.Warnings[0], `line 3 has the unknown type "later" and was skipped`) {
		t.Errorf("%v, %+v", err, run)
	}
}

// A last line that is whole but wrong is no end of the run.
func TestABrokenEndIsNoEnd(t *testing.T) {
	head, _, _ := strings.Cut(string(file(t, 0)), "\n")
	run, err := Read(strings.NewReader(head + "\n" + `{"type":"end","atNs":"soon"}`))
	if err != nil || run.End != nil || len(run.Warnings) != 2 {
		t.Errorf("%v, %+v", err, run)
	}
}

type failing struct{ after int }

func (f *failing) Read(p []byte) (int, error) {
	if f.after--; f.after < 0 {
		return 0, io.ErrClosedPipe
	}
	return copy(p, "{"), nil
}

func TestReadPassesOnAFailure(t *testing.T) {
	if _, err := Read(&failing{after: 3}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
	if _, err := ReadFile(filepath.Join(t.TempDir(), "absent.jsonl")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestCreateRefusesToOverwrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "below", "run.jsonl")
	w, err := Create(path, header())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(0, EndCompleted, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, header()); !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v", err)
	}
	if run, err := ReadFile(path); err != nil || run.End == nil {
		t.Errorf("%v, %+v", err, run)
	}
}

func TestWriterIsUsedByMany(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, header())
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			for range 50 {
				if err := w.Sample(sample(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := w.End(0, EndCompleted, nil); err != nil {
		t.Fatal(err)
	}
	run, err := Read(&out)
	if err != nil || len(run.Samples) != 1000 || run.End.Samples != 1000 {
		t.Errorf("%v, %d samples, end %+v", err, len(run.Samples), run.End)
	}
}

// What was acknowledged before the process was killed is in the file.
func TestNothingIsLostWhenKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), endless+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "500" {
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	written := 500
	for lines.Scan() {
		_, _ = fmt.Sscan(lines.Text(), &written)
	}
	_ = cmd.Wait() // it was killed
	run, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Samples) < written || run.End != nil {
		t.Errorf("%d samples of %d, end %v", len(run.Samples), written, run.End)
	}
	found := map[int]Coldness{}
	for _, s := range run.Samples {
		found[s.Block] = s.Cold
	}
	for i := range written {
		want := Unknown
		if i%2 == 0 {
			want = Proven
		}
		if last := i == written-1; found[i] == "" || !last && found[i] != want {
			t.Fatalf("request %d of %d is %q, want %s", i, written, found[i], want)
		}
	}
}

// FuzzRead: no input makes the reader fail otherwise than with an error, and
// what it accepts comes back from the writer the same.
func FuzzRead(f *testing.F) {
	var t testing.T
	f.Add(file(&t, 2))
	f.Add(file(&t, 2)[:600])
	f.Add([]byte(`{"type":"run","schema":1}` + "\n" + `{"type":"sample","phases":[{}],"instance":{},"function":{}}` + "\n" + `{"type":"x"}` + "\n" + `{"type":"end"}`))
	f.Add([]byte(`{"type":"run","schema":1}` + "\n" + `{"type":"span","traceId":"a","startUnixNs":2}` + "\n" + `{"type":"sample","traceId":"a"}` + "\n" + `{"type":"span","traceId":"a","startUnixNs":1}` + "\n" + `{"type":"span","traceId":"b"}`))
	f.Add([]byte(`{"type":"run","schema":1}` + "\n" + `{"type":"request","sentNs":2,"cold":"proven"}` + "\n" + `{"type":"request","sentNs":1,"error":"pod x"}` + "\n" + `{"type":"sample","sentNs":2}`))
	f.Add([]byte(`{"type":"run","schema":9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		var out bytes.Buffer
		w, err := NewWriter(&out, run.Header)
		for _, s := range run.Samples {
			err = errors.Join(err, w.Sample(s))
		}
		for _, e := range run.Events {
			err = errors.Join(err, w.Event(e))
		}
		for _, r := range run.Resources {
			err = errors.Join(err, w.Resource(r))
		}
		for _, s := range run.Spans {
			err = errors.Join(err, w.Span(s))
		}
		if err != nil {
			t.Fatalf("write what was read: %v", err)
		}
		again, err := Read(&out)
		if err != nil {
			t.Fatalf("read what was written: %v", err)
		}
		same := cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Run{}, "Warnings", "Damage", "End"), cmpopts.IgnoreFields(Header{}, "Schema")}
		if diff := cmp.Diff(run, again, same); diff != "" {
			t.Error(diff)
		}
	})
}
