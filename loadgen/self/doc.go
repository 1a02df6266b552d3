// Package self tells what this process uses. A tool that measures puts load on the
// host that it measures, and has to say how much.
package self
