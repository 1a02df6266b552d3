package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"
)

// fault is what goes wrong on the first request, or on one in so many.
type fault string

const (
	faultNone        fault = ""
	faultCrash       fault = "crash"
	faultStatus500   fault = "status500"
	faultHang        fault = "hang"
	faultForeignBody fault = "foreignBody"
	faultStall       fault = "stall"
)

// stallTime is how long a stall keeps all requests of the process waiting.
const stallTime = 5 * time.Second

// foreignPod is the pod of no service that anyone would create.
const foreignPod = "foreign-00001-deployment-0"

func parseFault(name string) (fault, error) {
	switch f := fault(name); f {
	case faultNone, faultCrash, faultStatus500, faultHang, faultForeignBody, faultStall:
		return f, nil
	}
	return faultNone, fmt.Errorf("read COLDFN_FAULT: %q is not one of crash, status500, hang, foreignBody, stall", name)
}

// parseEvery reads on which requests the fault strikes: "" is the first, and 100 every
// hundredth.
func parseEvery(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	every, err := strconv.ParseInt(text, 10, 64)
	if err != nil || every < 1 {
		return 0, fmt.Errorf("read COLDFN_FAULT_EVERY: %q is not a whole number from 1 on", text)
	}
	return every, nil
}

// strikes says whether the fault happens on the request of this number, from 1 on.
func (i *instance) strikes(request int64) bool {
	if i.every == 0 {
		return request == 1
	}
	return request%i.every == 0
}

// strike lets the fault happen and reports whether the request is dealt with.
func (i *instance) strike(w http.ResponseWriter, r *http.Request, a *answer) bool {
	switch i.fault {
	case faultCrash:
		os.Exit(1)
	case faultStatus500:
		http.Error(w, "COLDFN_FAULT=status500", http.StatusInternalServerError)
		return true
	case faultHang:
		<-r.Context().Done()
		return true
	case faultForeignBody:
		a.Pod = foreignPod
	case faultStall:
		i.stalledUntil.Store(time.Now().Add(stallTime).UnixNano())
	}
	return false
}
