package analysis

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// drawn is a run of n cold starts of each class, of these medians.
func drawn(id string, seed uint64, n int, medians map[string]time.Duration, classes ...string) *record.Run {
	b := runtest.New(id, classes...)
	for i, class := range classes {
		b.Draw(class, n, runtest.LogNormal(seed+uint64(i), medians[class], 0.2))
	}
	return b.Run()
}

func TestCompareClasses(t *testing.T) {
	r := drawn("r", 1, 80, map[string]time.Duration{"runc": time.Second, "crun": time.Second, "gvisor": 2 * time.Second}, "runc", "crun", "gvisor")
	c, err := CompareClasses([]*record.Run{r}, CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Rows) != 2 {
		t.Fatalf("%d rows", len(c.Rows))
	}
	for i, want := range []struct {
		class string
		shown bool
	}{{"crun", false}, {"gvisor", true}} {
		row := c.Rows[i]
		if row.Base.RuntimeClass != "runc" || row.New.RuntimeClass != want.class {
			t.Errorf("row %d compares %v with %v", i, row.Base, row.New)
		}
		if row.Changes[0].Shown != want.shown || row.Shape.Shown != want.shown {
			t.Errorf("%s: %+v, %+v", want.class, row.Changes[0], row.Shape)
		}
		if !row.Changes[1].Result.Tested || row.Changes[2].Result.Tested {
			t.Errorf("%s: 80 samples test p95 and not p99", want.class)
		}
		if row.Changes[0].AdjustedP < row.Changes[0].Result.P {
			t.Errorf("%s: adjusted below the p-value itself", want.class)
		}
	}
}

func TestCompareRuns(t *testing.T) {
	same := map[string]time.Duration{"runc": time.Second, "crun": time.Second, "gvisor": time.Second}
	base, new := drawn("a", 1, 30, same, "runc", "crun"), drawn("b", 7, 30, same, "gvisor", "crun")
	c, err := Compare([]*record.Run{base}, []*record.Run{new}, CompareOptions{Phases: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range c.Rows {
		got = append(got, r.New.RuntimeClass+" "+string(r.Phase))
	}
	if diff := cmp.Diff([]string{"crun ", "crun firstByte", "crun done"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Code{DifferentRuns, NoSamples, NoSamples}, codes(c.Warnings)); diff != "" {
		t.Error(diff)
	}
	if _, err := Compare([]*record.Run{base}, []*record.Run{base}, CompareOptions{}); err != nil {
		t.Errorf("a run cannot be compared with itself: %v", err)
	}
}

func TestCompareNothing(t *testing.T) {
	one := map[string]time.Duration{"runc": time.Second, "crun": time.Second}
	base, new := drawn("a", 1, 9, one, "runc"), drawn("b", 1, 9, one, "crun")
	if _, err := Compare([]*record.Run{base}, []*record.Run{new}, CompareOptions{}); !errors.Is(err, ErrNothingToCompare) {
		t.Errorf("got %v", err)
	}
	if _, err := CompareClasses([]*record.Run{base}, CompareOptions{}); !errors.Is(err, ErrNothingToCompare) {
		t.Errorf("got %v", err)
	}
	warm := runtest.New("w", "runc").Add("runc", 1, time.Second, runtest.Coldness(record.Warm)).Run()
	if _, err := Compare([]*record.Run{base}, []*record.Run{warm}, CompareOptions{}); !errors.Is(err, ErrNothingToCompare) {
		t.Errorf("got %v", err)
	}
}

func TestPublishedStandBeside(t *testing.T) {
	two := map[string]time.Duration{"runc": time.Second, "gvisor": time.Second}
	c, err := CompareClasses([]*record.Run{drawn("r", 1, 9, two, "runc", "gvisor")}, CompareOptions{Published: true})
	if err != nil {
		t.Fatal(err)
	}
	if f := c.Rows[0].Published; len(f) != 2 || f[0].Named != "generic" || f[1].Average != 2210*time.Millisecond {
		t.Errorf("published are %+v", f)
	}
}

// What is shown beside the latency does not change what is said of it.
func TestPhasesDoNotChangeTheLatency(t *testing.T) {
	b := runtest.New("r", "runc", "crun")
	for i := range 40 {
		b.Add("runc", 1, time.Duration(1000+10*i)*time.Millisecond, runtest.Phases).Add("crun", 1, time.Duration(1090+10*i)*time.Millisecond, runtest.Phases)
	}
	runs := []*record.Run{b.Run()}
	alone, err := CompareClasses(runs, CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	beside, err := CompareClasses(runs, CompareOptions{Phases: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(beside.Rows) < 3 {
		t.Fatalf("%d rows with phases", len(beside.Rows))
	}
	if p := alone.Rows[0].Changes[0].AdjustedP; p <= 0 || p >= 1 {
		t.Errorf("adjusted p is %v: the test cannot tell", p)
	}
	if diff := cmp.Diff(alone.Rows[0], beside.Rows[0]); diff != "" {
		t.Errorf("without phases (-) and with them (+):\n%s", diff)
	}
}

// sides is a run of two classes on two sides.
func sides() *record.Run {
	b := runtest.New("r")
	medians := map[record.Key]time.Duration{
		{RuntimeClass: "runc", Variant: "a"}: 1000, {RuntimeClass: "runc", Variant: "b"}: 1100,
		{RuntimeClass: "gvisor", Variant: "a"}: 2000, {RuntimeClass: "gvisor", Variant: "b"}: 2200,
	}
	for _, class := range []string{"runc", "gvisor"} {
		for _, variant := range []string{record.VariantA, record.VariantB} {
			k := record.Key{RuntimeClass: class, Variant: variant}
			b.Run().Header.Classes = append(b.Run().Header.Classes, record.Class{Name: class, Variant: variant})
			for i := range 10 {
				b.Add(class, 1, (medians[k]+time.Duration(i))*time.Millisecond, func(s *record.Sample) { s.Variant = variant })
			}
		}
	}
	return b.Run()
}

func TestClassesAreComparedWithinAVariantAndVariantsWithinAClass(t *testing.T) {
	type compare func([]*record.Run, CompareOptions) (*Comparison, error)
	for _, c := range []struct {
		name    string
		compare compare
		want    []string
	}{
		{"classes", CompareClasses, []string{"runc (a) with gvisor (a)", "runc (b) with gvisor (b)"}},
		{"variants", CompareVariants, []string{"runc (a) with runc (b)", "gvisor (a) with gvisor (b)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.compare([]*record.Run{sides()}, CompareOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var rows []string
			for _, r := range got.Rows {
				rows = append(rows, r.Base.String()+" with "+r.New.String())
			}
			if diff := cmp.Diff(c.want, rows); diff != "" {
				t.Error(diff)
			}
		})
	}
	classes := drawn("r", 1, 9, map[string]time.Duration{"runc": time.Second, "crun": time.Second}, "runc", "crun")
	if _, err := CompareVariants([]*record.Run{classes}, CompareOptions{}); !errors.Is(err, ErrNothingToCompare) {
		t.Errorf("a run without variants: got %v", err)
	}
}

// Existing services are compared with one another, whatever their RuntimeClasses.
func TestExistingServicesAreCompared(t *testing.T) {
	r := drawn("r", 1, 30, map[string]time.Duration{"default": time.Second, "gvisor": 2 * time.Second}, "default", "gvisor")
	r.Header.Settings.ExistingServices = []record.ExistingService{{Name: "shop", RuntimeClass: "default"}, {Name: "cart", RuntimeClass: "gvisor"}, {Name: "till", RuntimeClass: "default"}}
	nameOf := map[string]string{"default": "shop", "gvisor": "cart"}
	for i := range r.Header.Classes {
		r.Header.Classes[i].Variant = nameOf[r.Header.Classes[i].Name]
	}
	r.Header.Classes = append(r.Header.Classes, record.Class{Name: "default", Variant: "till"})
	for i := range r.Samples {
		s := &r.Samples[i]
		s.Variant = nameOf[s.RuntimeClass]
		if s.RuntimeClass == "default" && i%2 == 0 {
			s.Variant = "till"
		}
	}
	c, err := CompareClasses([]*record.Run{r}, CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, row := range c.Rows {
		got[row.Base.Variant+" "+row.New.Variant] = true
	}
	if diff := cmp.Diff(map[string]bool{"shop cart": true, "shop till": true}, got); diff != "" {
		t.Error(diff)
	}
}
