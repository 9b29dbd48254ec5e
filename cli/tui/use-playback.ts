import { useEffect } from "react";

/** Frames are this far apart, ms: more are not seen, and a slow terminal keeps up. */
const FRAME_MS = 50;

/** Calls `step` with the ms that passed since the last call, as long as something plays. */
export function usePlayback(playing: boolean, step: (elapsed: number) => void): void {
  useEffect(() => {
    if (!playing) return;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      step(now - last);
      last = now;
    }, FRAME_MS);
    return () => clearInterval(timer);
  }, [playing, step]);
}
