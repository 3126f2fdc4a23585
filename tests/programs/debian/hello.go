// A little of what a Go program does: goroutines, channels, panics, the collector, files, network, processes, signals.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	var wg sync.WaitGroup
	c := make(chan int, 3)
	for i := 0; i < 200; i++ {
		wg.Add(1)
		go func(i int) { defer wg.Done(); c <- i * i }(i)
	}
	go func() { wg.Wait(); close(c) }()
	s := 0
	for v := range c {
		s += v
	}
	fmt.Println("sum", s)
	var lists [][]byte
	for i := 0; i < 2000; i++ {
		lists = append(lists, make([]byte, 1000+i))
		if i%100 == 0 {
			lists = lists[len(lists)/2:]
		}
	}
	runtime.GC()
	fmt.Println("lists", len(lists))
	func() {
		defer func() { fmt.Println("recovered", recover()) }()
		var p *int
		fmt.Println(*p)
	}()
	func() {
		defer func() { fmt.Println("recovered", recover()) }()
		var a []int
		fmt.Println(a[len(os.Args)+5])
	}()
	words, err := os.ReadFile("words")
	fields := strings.Fields(string(words))
	sort.Sort(sort.Reverse(sort.StringSlice(fields)))
	fmt.Println(len(words), err, fields[0])
	_, err = os.Open("nosuch")
	fmt.Println(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page ", r.URL.Path) }))
	for i := 0; i < 5; i++ {
		response, err := http.Get(fmt.Sprint(server.URL, "/", i))
		if err != nil {
			fmt.Println(err)
			continue
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		fmt.Println(string(body))
	}
	server.Close()
	command := exec.Command("sh", "-c", "cat; exit 3")
	command.Stdin = strings.NewReader("through\n")
	out, err := command.Output()
	fmt.Printf("%q %v\n", out, err)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println(<-signals)
	select {
	case <-time.After(10 * time.Millisecond):
		fmt.Println("timer")
	case <-signals:
	}
	text, _ := json.Marshal(map[string]interface{}{"a": []int{1, 2}, "b": 1.5, "c": nil})
	fmt.Println(string(text))
	// Busy loops are stopped by signals.
	runtime.GOMAXPROCS(2)
	done := make(chan bool)
	stop := false
	go func() { time.Sleep(30 * time.Millisecond); done <- true }()
	go func() {
		for !stop {
		}
	}()
	<-done
	runtime.GC()
	if len(os.Args) > 1 && os.Args[1] == "panic" {
		var m map[string]int
		m["x"] = 1
	}
	os.Exit(5)
}
