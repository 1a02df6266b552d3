package loadgen

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// firstStream is the id of a client's first stream.
const firstStream = 1

// frameWriter writes the frames of an answer.
type frameWriter struct {
	*http2.Framer
	block  bytes.Buffer
	fields *hpack.Encoder
}

func newFrameWriter(w io.Writer) *frameWriter {
	f := &frameWriter{Framer: http2.NewFramer(w, nil)}
	f.fields = hpack.NewEncoder(&f.block)
	return f
}

// headers writes names and their values in turn.
func (f *frameWriter) headers(end bool, pairs ...string) {
	f.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		f.fields.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	f.WriteHeaders(http2.HeadersFrameParam{StreamID: firstStream, BlockFragment: f.block.Bytes(), EndHeaders: true, EndStream: end})
}

// readHTTP2 reads up to the end of the request's stream. The path of gRPC is its
// method; there the delay is its service.
func readHTTP2(conn net.Conn) (host, path string, err error) {
	r := bufio.NewReader(conn)
	if _, err := r.Discard(len(http2.ClientPreface)); err != nil {
		return "", "", err
	}
	framer := http2.NewFramer(conn, r)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := framer.WriteSettings(); err != nil {
		return "", "", err
	}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return "", "", err
		}
		if f, ok := frame.(*http2.MetaHeadersFrame); ok {
			host, path = f.PseudoValue("authority"), strings.TrimSuffix(f.PseudoValue("path"), "/Delay")
		}
		if ended, ok := frame.(interface{ StreamEnded() bool }); ok && ended.StreamEnded() {
			return host, path, nil
		}
	}
}
