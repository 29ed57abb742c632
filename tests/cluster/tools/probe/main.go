// probe is what tests put into pods: a server that says who it is, and a client that tells what it can reach.
//
//	probe serve [ADDRESS]     answers HTTP with its host name
//	probe dial HOST:PORT      opens a TCP connection
//	probe get URL             gives the answer's body
//	probe resolve NAME        gives the addresses
//
// A client that fails says why and ends with 1.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const patience = 2 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 1 && args[0] == "serve" {
		args = append(args, ":8080")
	}
	if len(args) != 2 {
		return errors.New("usage: probe serve [ADDRESS] | dial HOST:PORT | get URL | resolve NAME")
	}
	switch args[0] {
	case "serve":
		return serve(args[1])
	case "dial":
		return dial(args[1])
	case "get":
		return get(args[1])
	case "resolve":
		return resolve(args[1])
	}
	return fmt.Errorf("probe cannot %q", args[0])
}

func serve(address string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, name) })
	server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: patience}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func dial(address string) error {
	connection, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return err
	}
	fmt.Println("open", connection.RemoteAddr())
	return connection.Close()
}

func get(url string) error {
	client := http.Client{Timeout: patience}
	answer, err := client.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return errors.New(answer.Status)
	}
	return nil
}

func resolve(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, name)
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(addresses, "\n"))
	return nil
}
