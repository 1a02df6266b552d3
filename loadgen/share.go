package loadgen

// Share is which ones of a row of requests are sent by one of several senders: every
// Of-th, beginning with Index. So each request has one sender, however many there are, and
// all send at about the same rate at any time. The zero value is all requests.
type Share struct {
	Index int `json:"index,omitempty"`
	Of    int `json:"of,omitempty"`
}

// Has says whether the i-th request is part of the share.
func (s Share) Has(i int) bool { return s.Of == 0 || i%s.Of == s.Index }

// Part is how much of n falls to the share, where each has about the same. The parts of
// all shares add up to n.
func (s Share) Part(n int) int {
	if s.Of == 0 {
		return n
	}
	return (n + s.Of - 1 - s.Index) / s.Of
}

// All is the place in the whole row of the i-th request of the share.
func (s Share) All(i int) int {
	if s.Of == 0 {
		return i
	}
	return i*s.Of + s.Index
}
