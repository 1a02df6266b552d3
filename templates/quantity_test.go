package templates

import "testing"

func TestValidateQuantity(t *testing.T) {
	for text, valid := range map[string]bool{
		"1": true, "100m": true, "64Mi": true, "1.5G": true, ".5": true, "1.": true, "1e3": true, "2E6": true, "-1": false, "+1k": true, "1E": true,
		"": false, "abc": false, "64mi": false, "64 Mi": false, "1ee3": false, "m": false, "1,5": false, "64MiB": false,
	} {
		if err := ValidateQuantity(text); (err == nil) != valid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestValidateClassName(t *testing.T) {
	for text, valid := range map[string]bool{
		"runc": true, "kata-qemu": true, "a.b-c.d": true, "1": true,
		"": false, "a,b": false, "Runc": false, "-a": false, "a-": false, "a..b": false, "a b": false,
	} {
		if problem := ValidateClassName(text); (problem == "") != valid {
			t.Errorf("%q: %s", text, problem)
		}
	}
}
