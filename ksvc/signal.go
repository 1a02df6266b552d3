package ksvc

// signal wakes everyone who waits for a change. The zero value is ready; its
// methods are called with the owner's lock held.
type signal struct{ c chan struct{} }

// wait is closed at the next change.
func (s *signal) wait() <-chan struct{} {
	if s.c == nil {
		s.c = make(chan struct{})
	}
	return s.c
}

func (s *signal) fire() {
	if s.c != nil {
		close(s.c)
		s.c = nil
	}
}
