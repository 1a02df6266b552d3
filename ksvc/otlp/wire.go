package otlp

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a message in protobuf's wire format. Nested messages and texts
// are bytes; numbers are bits.
type field struct {
	number protowire.Number
	bytes  []byte
	bits   uint64
}

// fields gives each field of a message to take, until that returns an error. It
// allocates nothing, whatever the message says: two bytes on the wire would make an
// object of a hundred, or millions of them, if they were unpacked into Go's types.
func fields(message []byte, take func(field) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		f := field{number: number}
		switch kind {
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(message)
		case protowire.Fixed64Type:
			f.bits, n = protowire.ConsumeFixed64(message)
		case protowire.VarintType:
			f.bits, n = protowire.ConsumeVarint(message)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if err := take(f); err != nil {
			return err
		}
	}
	return nil
}

// text is a text of at most maxText bytes, in valid UTF-8.
func text(b []byte) string {
	return strings.ToValidUTF8(string(b[:min(len(b), maxText)]), "")
}
