import { describe, expect, it } from "vitest";
import { observe, openBytesAs } from "./testing/observed.ts";

const GROUPED = `goroutine profile: total 9602
9600 @ 0x487f0a 0x41794e
#	0x5730f3	main.handle.func1+0x33	/src/main.go:329
#	0x56f93c	main.grow+0x5c			/src/main.go:565

2 @ 0x487f0a 0x48b545
#	0x48b544	time.Sleep+0x164		/go/src/runtime/time.go:368
#	0x42ad76	runtime.runFinalizers+0x3f6	/go/src/runtime/mfinal.go:272
`;

const SINGLE = `goroutine 1 [running]:
main.main()
	/src/main.go:10 +0x1d

goroutine 18 [chan receive, 3 minutes]:
main.worker(0xc000012345, {0x1, 0x2})
	/src/main.go:20 +0x1d
created by main.main in goroutine 1
	/src/main.go:9 +0x1d

goroutine 19 [chan receive, 12 minutes, locked to thread]:
main.worker(0xc000012345, {0x1, 0x2})
	/src/main.go:20 +0x1d
created by main.main in goroutine 1
	/src/main.go:9 +0x1d

goroutine 20 gp=0xc000105180 m=nil [select]:
net/http.(*persistConn).writeLoop(0xc0000c6000)
	/go/src/net/http/transport.go:2 +0x1d
`;

async function groups(text: string) {
  return (await openBytesAs(text)).goroutines[0]!;
}

describe("goroutine dumps", () => {
  it("debug=1 groups by stack", async () => {
    const { format, rows } = await observe(GROUPED);
    expect(format).toBe("goroutines");
    expect(rows).toEqual([{ t: 0, goroutines: 9602 }]);
    expect(await groups(GROUPED)).toEqual({
      total: 9602,
      groups: [
        { count: 9600, state: "", minutes: 0, frames: ["main.handle.func1", "main.grow"] },
        { count: 2, state: "", minutes: 0, frames: ["time.Sleep", "runtime.runFinalizers"] },
      ],
    });
  });

  it("debug=2, and what a panic writes, name each: they are grouped by state and stack", async () => {
    expect((await observe(SINGLE)).format).toBe("goroutines");
    expect(await groups(SINGLE)).toEqual({
      total: 4,
      groups: [
        { count: 2, state: "chan receive", minutes: 12, frames: ["main.worker"] },
        { count: 1, state: "running", minutes: 0, frames: ["main.main"] },
        { count: 1, state: "select", minutes: 0, frames: ["net/http.(*persistConn).writeLoop"] },
      ],
    });
  });

  it("a dump that is cut off counts what its head says", async () => {
    expect((await groups(GROUPED.slice(0, 80))).total).toBe(9602);
  });
});
