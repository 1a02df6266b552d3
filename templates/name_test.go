package templates

import (
	"regexp"
	"testing"
)

var label = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)

func TestServiceNamesOfARunDiffer(t *testing.T) {
	seen := map[string]string{}
	classes := []struct{ class, variant string }{
		{"kata-qemu-coco-dev", "a"}, {"kata-qemu-coco-dev", "b"}, {"kata-qemu-coco-dev-snp", ""}, {"kata-qemu-coco-dev-tdx", ""},
		{"runc", ""}, {"Größe.ü", ""}, {"---", ""}, {"a.b.c", ""}, {"x-1", ""}, {"x", "1"},
	}
	for ordinal, c := range classes {
		for i := range 500 {
			name := ServiceName("20261125-063358-a1b2c3", c.class, c.variant, ordinal, i)
			if len(name) > nameLimit || !label.MatchString(name) {
				t.Fatalf("%q is no label of at most %d characters", name, nameLimit)
			}
			if pod := name + "-00001-deployment-5d8c7b9c4f-x2x7k"; len(pod) > 63 {
				t.Fatalf("the hostname of pod %s is cut", pod)
			}
			if other, twice := seen[name]; twice {
				t.Fatalf("%s is the name of %s and of %s", name, c.class+c.variant, other)
			}
			seen[name] = c.class + c.variant
		}
	}
	if a, b := ServiceName("run-1", "runc", "", 0, 0), ServiceName("run-2", "runc", "", 0, 0); a == b {
		t.Errorf("two runs have %s", a)
	}
}

func FuzzServiceName(f *testing.F) {
	f.Add("run", "runc", "a", uint8(1), uint16(2))
	f.Fuzz(func(t *testing.T, run, class, variant string, ordinal uint8, i uint16) {
		name := ServiceName(run, class, variant, int(ordinal), int(i))
		if len(name) > nameLimit || !label.MatchString(name) {
			t.Errorf("%q is no label of at most %d characters", name, nameLimit)
		}
		if next := ServiceName(run, class, variant, int(ordinal)+1, int(i)); next == name {
			t.Errorf("two classes have %s", name)
		}
		if next := ServiceName(run, class, variant, int(ordinal), int(i)+1); next == name {
			t.Errorf("two services have %s", name)
		}
	})
}
