package otlp

// Limits on what senders can make this program hold. Components stay far below them: a
// batch has 512 spans, which take some hundred kilobytes, and a request has about ten.
const (
	// maxBody bounds one batch in bytes, as it is sent and unpacked.
	maxBody = 4 << 20
	// maxSpans bounds the spans of one batch, those of unknown traces included.
	maxSpans = 4096
	// maxTraceSpans bounds the spans of one trace. What comes after them is dropped.
	maxTraceSpans = 256
	// maxText bounds a name or an error in bytes. The rest of it is cut off.
	maxText = 1024
	// maxRequests bounds the batches that are unpacked and read at once. Others wait.
	maxRequests = 4
	// maxConnections bounds the connections that are open. Others wait.
	maxConnections = 2048
)
