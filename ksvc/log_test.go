package ksvc

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

func TestWhatTheLibrariesLogIsWrittenWhereAsked(t *testing.T) {
	t.Cleanup(klog.ClearLogger)
	var out bytes.Buffer
	LogTo(&out)
	runtime.HandleError(errors.New("unable to decode an event"))
	klog.Infof("Waited for %s", "1s")
	klog.Flush()
	for _, want := range []string{"unable to decode an event", "Waited for 1s"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q does not say %q", out.String(), want)
		}
	}
}
