// Dumps what Go's own trace reader (internal/trace) makes of a trace, one line an event that gopages has too:
//
//	kind time p a b text
//
// It is built as a package of the standard library by means of an overlay, see run.mjs.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"internal/trace"
	"io"
	"os"
	"strings"
)

type typ struct {
	size uint64
	name string
}

func main() {
	r, err := trace.NewReader(bufio.NewReaderSize(os.Stdin, 1<<20))
	if err != nil {
		fmt.Println("error", err)
		return
	}
	w := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer w.Flush()
	var types map[uint64]typ
	assist := map[trace.GoID]trace.Time{}
	worker := map[trace.ThreadID]trace.Time{}
	firstGen := true
	syncs := 0
	count := 0
	procs := uint64(0)
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Fprintln(w, "error", strings.ReplaceAll(err.Error(), "\n", " "))
			break
		}
		count++
		p, t := ev.Proc(), ev.Time()
		put := func(kind string, p trace.ProcID, a, b uint64, text string) {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\n", kind, t, p, a, b, text)
		}
		switch ev.Kind() {
		case trace.EventSync:
			syncs++
			firstGen = syncs == 1
			types = map[uint64]typ{}
			for _, b := range ev.Sync().ExperimentalBatches["AllocFree"] {
				readTypes(b.Data, types)
			}
		case trace.EventMetric:
			m := ev.Metric()
			switch m.Name {
			case "/memory/classes/heap/objects:bytes":
				put("heap-live", p, m.Value.Uint64(), 0, "")
			case "/gc/heap/goal:bytes":
				put("heap-goal", p, m.Value.Uint64(), 0, "")
			case "/sched/gomaxprocs:threads":
				// Each generation says it; gopages only when it changes.
				if v := m.Value.Uint64(); v != procs {
					procs = v
					put("procs", p, v, 0, "")
				}
			}
		case trace.EventLog:
			l := ev.Log()
			put("note", p, 0, 0, fmt.Sprintf("%s: %s", l.Category, l.Message))
		case trace.EventLabel:
			if strings.HasPrefix(ev.Label().Label, "GC (") {
				worker[ev.Thread()] = t
			}
		case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
			g := ev.Range()
			end := ev.Kind() == trace.EventRangeEnd
			active := ev.Kind() == trace.EventRangeActive
			if active && !firstGen {
				break
			}
			switch {
			case strings.HasPrefix(g.Name, "stop-the-world"):
				reason := strings.TrimSuffix(strings.TrimPrefix(g.Name, "stop-the-world ("), ")")
				if end {
					put("stw-end", p, 0, 0, reason)
				} else {
					put("stw-begin", p, 0, 0, reason)
				}
			case g.Name == "GC concurrent mark phase":
				if end {
					put("gc-mark-termination", p, 0, 0, "")
				} else {
					put("gc-start", p, 0, 0, "")
				}
			case g.Name == "GC incremental sweep":
				if end {
					var v [2]uint64
					for i, a := range ev.RangeAttributes() {
						v[i] = a.Value.Uint64()
					}
					put("sweep-end", p, v[0], v[1], "")
				} else if active {
					put("sweep-begin", g.Scope.Proc(), 0, 0, "")
				} else {
					put("sweep-begin", p, 0, 0, "")
				}
			case g.Name == "GC mark assist":
				id := g.Scope.Goroutine()
				if end {
					put("gc-work", p, uint64(t-assist[id]), 1, "")
				} else {
					assist[id] = t
				}
			}
		case trace.EventStateTransition:
			st := ev.StateTransition()
			switch st.Resource.Kind {
			case trace.ResourceGoroutine:
				from, to := st.Goroutine()
				if from == to {
					break
				}
				if began, ok := worker[ev.Thread()]; ok && from == trace.GoRunning && to != trace.GoSyscall {
					put("gc-work", p, uint64(t-began), 0, "")
					delete(worker, ev.Thread())
				}
				if from == trace.GoNotExist {
					put("go-create", p, 0, 0, "")
				} else if to == trace.GoNotExist {
					put("go-end", p, 0, 0, "")
				}
			case trace.ResourceProc:
				from, to := st.Proc()
				id := st.Resource.Proc()
				if from == to {
					break
				}
				if to == trace.ProcRunning {
					put("p-start", id, 0, 0, "")
				} else if from == trace.ProcRunning {
					put("p-stop", id, 0, 0, "")
				}
			}
		case trace.EventExperimental:
			x := ev.Experimental()
			arg := func(i int) uint64 { return x.ArgValue(i).Uint64() }
			name := map[string]string{
				"Span": "span-live", "SpanAlloc": "span-alloc", "SpanFree": "span-free",
				"HeapObject": "object-live", "HeapObjectAlloc": "object-alloc", "HeapObjectFree": "object-free",
				"GoroutineStack": "stack-live", "GoroutineStackAlloc": "stack-alloc", "GoroutineStackFree": "stack-free",
			}[x.Name]
			switch name {
			case "span-live", "span-alloc":
				put(name, p, arg(0), arg(1), fmt.Sprint(arg(2)))
			case "object-live", "object-alloc":
				ty := types[arg(1)]
				put(name, p, arg(0), ty.size, ty.name)
			case "stack-live", "stack-alloc":
				put(name, p, arg(0), arg(1), "")
			default:
				put(name, p, arg(0), 0, "")
			}
		}
	}
	fmt.Fprintln(w, "end", count)
}

func readTypes(data []byte, types map[uint64]typ) {
	if len(data) == 0 || data[0] != 0 {
		return
	}
	data = data[1:]
	next := func() uint64 {
		v, n := binary.Uvarint(data)
		data = data[n:]
		return v
	}
	for len(data) > 0 {
		id := next()
		next()
		size := next()
		next()
		n := next()
		types[id] = typ{size, string(data[:n])}
		data = data[n:]
	}
}
