package main

import (
	"fmt"
	"net/http"
	"os"
)

// fault is what goes wrong on the first request.
type fault string

const (
	faultNone        fault = ""
	faultCrash       fault = "crash"
	faultStatus500   fault = "status500"
	faultHang        fault = "hang"
	faultForeignBody fault = "foreignBody"
)

// foreignPod is the pod of no service that anyone would create.
const foreignPod = "foreign-00001-deployment-0"

func parseFault(name string) (fault, error) {
	switch f := fault(name); f {
	case faultNone, faultCrash, faultStatus500, faultHang, faultForeignBody:
		return f, nil
	}
	return faultNone, fmt.Errorf("read COLDFN_FAULT: %q is not one of crash, status500, hang, foreignBody", name)
}

// strike lets the fault happen and reports whether the request is dealt with.
func (f fault) strike(w http.ResponseWriter, r *http.Request, a *answer) bool {
	switch f {
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
	}
	return false
}
