package loadgen

import "testing"

// Each request is in one share, and each share knows how many it has and which.
func TestShare(t *testing.T) {
	for _, of := range []int{0, 1, 2, 3, 7} {
		for _, n := range []int{0, 1, 5, 6, 7, 100} {
			senders := make([]int, n)
			for index := range max(of, 1) {
				s, has := Share{Index: index, Of: of}, 0
				for i := range n {
					if s.Has(i) {
						if s.All(has) != i {
							t.Errorf("%+v: request %d of the share is number %d, want %d", s, has, s.All(has), i)
						}
						senders[i]++
						has++
					}
				}
				if s.Part(n) != has {
					t.Errorf("%+v: part of %d is %d, want %d", s, n, s.Part(n), has)
				}
			}
			for i, k := range senders {
				if k != 1 {
					t.Errorf("of %d: request %d has %d senders", of, i, k)
				}
			}
		}
	}
}
