package report

import "bytes"

// mostExact is the largest whole number up to which readers that know numbers as
// floating point only, such as jq and JavaScript, read every one exactly: 2^53.
const mostExact = "9007199254740992"

// quoteLarge makes strings of the whole numbers in a JSON text that are beyond
// mostExact.
func quoteLarge(text []byte) []byte {
	var out bytes.Buffer
	inString := false
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case inString && c == '\\':
			out.Write(text[i : i+2])
			i += 2
			continue
		case c == '"':
			inString = !inString
		case !inString && (c == '-' || c >= '0' && c <= '9'):
			end := i + 1
			for end < len(text) && bytes.IndexByte([]byte("0123456789.eE+-"), text[end]) >= 0 {
				end++
			}
			writeNumber(&out, text[i:end])
			i = end
			continue
		}
		out.WriteByte(c)
		i++
	}
	return out.Bytes()
}

func writeNumber(out *bytes.Buffer, number []byte) {
	digits := bytes.TrimPrefix(number, []byte("-"))
	whole := !bytes.ContainsAny(digits, ".eE")
	if whole && (len(digits) > len(mostExact) || len(digits) == len(mostExact) && string(digits) > mostExact) {
		out.WriteByte('"')
		out.Write(number)
		out.WriteByte('"')
		return
	}
	out.Write(number)
}
