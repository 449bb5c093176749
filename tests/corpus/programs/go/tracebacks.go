// One way to end badly per word on the command line.
package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

type store struct{ rollouts map[string]*rollout }
type rollout struct{ id string }

func (s *store) find(id string) string { return s.rollouts[id].id }

func index(list []int, at int) int { return list[at] }

func main() {
	switch os.Args[1] {
	case "index":
		index([]int{1, 2, 3}, len(os.Args)+3)
	case "nil":
		(&store{}).find("x")
	case "error":
		panic(fmt.Errorf("cannot open the store: %w", errors.New("disk is full")))
	case "text":
		panic("the queue is empty\nand was closed")
	case "again":
		defer func() { panic(fmt.Sprint("while cleaning up: ", recover())) }()
		defer func() { panic("second") }()
		panic("first")
	case "goroutine":
		done := make(chan bool)
		go func() { index(nil, 1); done <- true }()
		<-done
	case "dump":
		go func() { select {} }()
		time.AfterFunc(50*time.Millisecond, func() { syscall.Kill(os.Getpid(), syscall.SIGQUIT) })
		time.Sleep(10 * time.Second)
	case "http":
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { index(nil, 2) }))
		http.Get(server.URL)
		server.Close()
		log.Print("goes on")
	case "recovered":
		func() {
			defer func() { log.Printf("recovered: %v\n%s", recover(), debug.Stack()) }()
			index(nil, 3)
		}()
		log.Print("goes on")
	case "race":
		var count int
		var both sync.WaitGroup
		both.Add(2)
		for i := 0; i < 2; i++ {
			go func() { count++; both.Done() }()
		}
		both.Wait()
	case "stack":
		var down func(int) int
		down = func(n int) int { return down(n+1) + 1 }
		debug.SetMaxStack(1 << 16)
		down(0)
	}
}
