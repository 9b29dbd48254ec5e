// A program that is busy allocating: records its own execution trace with every span, object and stack
// (GODEBUG=traceallocfree=1) until the trace has the size asked for.
package main

import (
	"flag"
	"math/rand"
	"os"
	"runtime/trace"
	"sync"
	"sync/atomic"
)

type node struct {
	left, right *node
	payload     []byte
}

type counter struct {
	f *os.File
	n atomic.Int64
}

func (c *counter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return c.f.Write(b)
}

func main() {
	out := flag.String("out", "trace.out", "trace to write")
	size := flag.Int64("bytes", 512<<20, "how many bytes")
	workers := flag.Int("workers", 4, "goroutines that allocate")
	flag.Parse()
	f, err := os.Create(*out)
	if err != nil {
		panic(err)
	}
	w := &counter{f: f}
	if err := trace.Start(w); err != nil {
		panic(err)
	}
	var wg sync.WaitGroup
	for i := range *workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			work(rand.New(rand.NewSource(int64(i))), func() bool { return w.n.Load() < *size })
		}()
	}
	wg.Wait()
	trace.Stop()
	f.Close()
}

func work(r *rand.Rand, more func() bool) {
	var keep [4096]any
	for more() {
		for range 1000 {
			i := r.Intn(len(keep))
			switch r.Intn(6) {
			case 0:
				keep[i] = make([]byte, 1+r.Intn(4096))
			case 1:
				keep[i] = tree(r, 4)
			case 2:
				m := map[int]string{}
				for j := range 1 + r.Intn(16) {
					m[j] = string(make([]byte, 8+r.Intn(64)))
				}
				keep[i] = m
			case 3:
				keep[i] = nil
			default:
				s := make([]*int, r.Intn(64))
				for j := range s {
					v := j
					s[j] = &v
				}
				keep[i] = s
			}
			if r.Intn(2000) == 0 {
				keep[i] = make([]byte, 32<<10+r.Intn(256<<10))
			}
		}
		done := make(chan bool)
		go func() { deep(20); done <- true }()
		<-done
	}
}

func tree(r *rand.Rand, depth int) *node {
	if depth == 0 {
		return nil
	}
	return &node{tree(r, depth-1), tree(r, depth-1), make([]byte, r.Intn(128))}
}

func deep(n int) int {
	var a [256]byte
	if n == 0 {
		return int(a[0])
	}
	return deep(n-1) + int(a[n])
}
