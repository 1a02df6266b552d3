// Command server is the program of a test image. Its first argument says how it behaves.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	switch os.Args[1] {
	case "child":
		time.Sleep(time.Hour)
	case "mute": // never listens
		fmt.Println("it waits")
		startChild()
		time.Sleep(time.Hour)
	case "brief": // ends by itself once it was asked something
		serve(func() {
			fmt.Println("enough")
			os.Exit(3)
		})
	case "leaving": // leaves a child that it started when it was asked something
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		go serve(startChild)
		<-terminated
	}
}

func startChild() {
	if err := exec.Command(os.Args[0], "child").Start(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func serve(asked func()) {
	address := net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT"))
	fmt.Println(http.ListenAndServe(address, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked() })))
}
