/**
 * The page's script, as text: it runs in the browser and is part of no module here. Everything it shows goes in as text
 * (textContent) or is drawn on a canvas, so that no string of a trace is ever read as HTML.
 */
export const PAGE_SCRIPT = String.raw`
"use strict";
(async function () {
  const $ = (id) => document.getElementById(id);
  const MIB = 1048576;
  function bytes(v) {
    if (v === null || v === undefined || Number.isNaN(v)) return "–";
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let x = Math.abs(v), u = 0;
    while (u < 4 && Math.round(x) >= 1024) { x /= 1024; u++; }
    const d = u === 0 ? 0 : x < 9.995 ? 2 : x < 99.95 ? 1 : 0;
    return (v < 0 ? "-" : "") + x.toFixed(d) + " " + units[u];
  }
  function seconds(ns) { return (ns / 1e9).toFixed(3) + " s"; }
  async function unpack() {
    const text = $("data").textContent.trim();
    const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  }
  let data;
  try {
    data = await unpack();
  } catch (error) {
    $("state").textContent = "The charts need a newer browser (DecompressionStream); the tables below are complete.";
    return;
  }
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  // One moment that everything shows.
  let moment = data.peak;
  const followers = [];
  function setMoment(t) {
    moment = Math.min(data.to, Math.max(data.from, t));
    for (const f of followers) f(moment);
  }
  function indexAt(ts, t) {
    let low = 0, high = ts.length - 1;
    while (low < high) { const m = (low + high + 1) >> 1; if (ts[m] <= t) low = m; else high = m - 1; }
    return low;
  }

  const full = [data.from / 1e9, data.to / 1e9];
  let range = full.slice();
  const plots = [];
  function setRange(min, max) {
    const span = Math.min(full[1] - full[0], Math.max((full[1] - full[0]) / 1e5, max - min));
    if (min < full[0]) min = full[0];
    if (min + span > full[1]) min = full[1] - span;
    range = [min, min + span];
    for (const p of plots) p.setScale("x", { min: range[0], max: range[1] });
  }
  const sync = uPlot.sync("moment");

  function axes() {
    const stroke = css("dim"), grid = { stroke: css("line"), width: 1 };
    return [
      { stroke, grid, values: (u, vs) => vs.map((v) => v + " s") },
      { stroke, grid, size: 76, values: (u, vs) => vs.map(bytes), incrs: Array.from({ length: 44 }, (_, i) => 2 ** i) },
    ];
  }
  function wheel(u) {
    u.over.addEventListener("wheel", (e) => {
      if (!e.ctrlKey && !e.shiftKey && e.deltaX === 0 && !u.root.parentNode.contains(document.activeElement)) return;
      e.preventDefault();
      const box = u.over.getBoundingClientRect();
      const span = range[1] - range[0];
      if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) return setRange(range[0] + (e.deltaX / box.width) * span, range[1] + (e.deltaX / box.width) * span);
      const x = range[0] + ((e.clientX - box.left) / box.width) * span;
      const k = e.deltaY < 0 ? 0.8 : 1.25;
      setRange(x - (x - range[0]) * k, x + (range[1] - x) * k);
    }, { passive: false });
    u.over.addEventListener("dblclick", () => setRange(full[0], full[1]));
    u.over.addEventListener("mousedown", () => u.root.parentNode.focus({ preventScroll: true }));
    // Dragging with the middle button or with Alt moves the window.
    u.over.addEventListener("pointerdown", (e) => {
      if (e.button !== 1 && !e.altKey) return;
      e.preventDefault();
      const start = e.clientX, [a, b] = range, width = u.over.clientWidth;
      const move = (m) => { const d = ((start - m.clientX) / width) * (b - a); setRange(a + d, b + d); };
      const up = () => { removeEventListener("pointermove", move); removeEventListener("pointerup", up); };
      addEventListener("pointermove", move);
      addEventListener("pointerup", up);
    });
  }
  function keys(element) {
    element.addEventListener("keydown", (e) => {
      const span = range[1] - range[0], mid = moment / 1e9;
      if (e.key === "+" || e.key === "=") setRange(mid - span / 4, mid + span / 4);
      else if (e.key === "-") setRange(mid - span, mid + span);
      else if (e.key === "0" || e.key === "Home") setRange(full[0], full[1]);
      else if (e.key === "ArrowLeft" && e.shiftKey) setRange(range[0] - span / 4, range[1] - span / 4);
      else if (e.key === "ArrowRight" && e.shiftKey) setRange(range[0] + span / 4, range[1] + span / 4);
      else if (e.key === "ArrowLeft") { setMoment(moment - (span * 1e9) / 200); showCursor(); }
      else if (e.key === "ArrowRight") { setMoment(moment + (span * 1e9) / 200); showCursor(); }
      else return;
      e.preventDefault();
    });
  }
  function showCursor() {
    const u = plots[0];
    if (u) u.setCursor({ left: u.valToPos(moment / 1e9, "x"), top: u.over.clientHeight / 2 });
  }
  const common = () => ({
    cursor: { sync: { key: sync.key, setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 5 } },
    scales: { x: { time: false, range: () => range } },
    axes: axes(),
    hooks: {
      ready: [wheel],
      setSelect: [(u) => {
        if (u.select.width < 4) return;
        setRange(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
        u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      }],
      setCursor: [(u) => { if (u.cursor.left >= 0 && u.cursor.event) setMoment(u.posToVal(u.cursor.left, "x") * 1e9); }],
    },
  });

  // Timeline: the measured points are a series of their own on the joined times.
  function timeline() {
    const T = data.timeline, n = T.t.length, M = data.measured;
    const x = [], rss = [], low = [], high = [], inuse = [], live = [], goal = [], released = [], measured = [];
    let i = 0, j = 0;
    while (i < n || j < M.t.length) {
      const t = i < n && (j >= M.t.length || T.t[i] <= M.t[j]) ? T.t[i] : M.t[j];
      const own = i < n && T.t[i] === t;
      x.push(t / 1e9);
      rss.push(own ? T.rss[i] : undefined);
      low.push(own ? Math.max(0, T.rss[i] - data.band.below) : undefined);
      high.push(own ? T.rss[i] + data.band.above : undefined);
      inuse.push(own ? T.heapInuse[i] : undefined);
      live.push(own ? T.heapLive[i] : undefined);
      goal.push(own && T.heapGoal[i] !== null ? T.heapGoal[i] : undefined);
      released.push(own ? T.heapReleased[i] : undefined);
      measured.push(j < M.t.length && M.t[j] === t ? M.rss[j] : undefined);
      if (own) i++;
      while (j < M.t.length && M.t[j] === t) j++;
    }
    const value = (u, v) => bytes(v);
    // More points than the screen has columns: uPlot's straight lines go through the highest and lowest of each column only.
    const stepped = uPlot.paths.stepped({ align: 1 }), straight = uPlot.paths.linear();
    const paths = (u, s, i0, i1) => (i1 - i0 > 2 * u.bbox.width ? straight : stepped)(u, s, i0, i1);
    const line = (label, color, extra) => Object.assign({ label, stroke: css(color), width: 1.5, points: { show: false }, value, paths }, extra);
    const series = [
      { label: "time", value: (u, v) => (v === null || v === undefined ? "–" : v.toFixed(3) + " s") },
      line("RSS, predicted", "rss", { width: 2 }),
      line("RSS, measured", "measured", { width: 0, paths: () => null, points: { show: true, size: 4, fill: css("measured"), stroke: css("measured") } }),
      line("heap in use", "inuse"),
      line("heap live", "live", { show: false }),
      line("goal", "goal", { dash: [4, 3] }),
      line("returned", "released"),
      line("upper bound", "rss", { width: 0 }),
      line("lower bound", "rss", { width: 0 }),
    ];
    const columns = [x, rss, measured, inuse, live, goal, released, high, low];
    if (!M.t.length) { series.splice(2, 1); columns.splice(2, 1); }
    const last = series.length - 1;
    const options = Object.assign(common(), { height: 300, series, bands: [{ series: [last - 1, last], fill: css("band") }] });
    // The goal may be far above everything: what there is sets the height.
    options.scales.y = { range: (u, min, max) => [0, Math.max(1, topOf(u, M.t.length ? [1, 2, 3, 6] : [1, 2, 5])) * 1.08] };
    return [options, columns];
  }
  function topOf(u, which) {
    let top = 0;
    const [from, to] = u.series[0].idxs || [0, u.data[0].length - 1];
    for (const s of which) for (let i = from; i <= to; i++) { const v = u.data[s] && u.data[s][i]; if (v > top) top = v; }
    return top;
  }
  // Ledger: parts stacked; what lowers RSS elsewhere (negative) is not drawn.
  const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800", "#7f7f7f", "#8c6bb1", "#3d9970"];
  function ledger() {
    const L = data.ledger, x = L.t.map((t) => t / 1e9);
    const sum = new Array(x.length).fill(0);
    const series = [{ label: "time", value: (u, v) => (v === null || v === undefined ? "–" : v.toFixed(3) + " s") }];
    const columns = [x];
    const stepped = uPlot.paths.stepped({ align: 1 });
    const stacked = L.parts.map((p) => p.bytes.map((b, i) => (sum[i] += Math.max(0, b))));
    for (let k = L.parts.length - 1; k >= 0; k--) {
      const color = PALETTE[k % PALETTE.length];
      series.push({ label: L.parts[k].label + " (" + L.parts[k].evidence + ")", stroke: color, fill: color, width: 0.5, paths: stepped, points: { show: false },
        value: (u, v, s, i) => (i === null || i === undefined ? "–" : bytes(L.parts[k].bytes[i])) });
      columns.push(stacked[k]);
    }
    const options = Object.assign(common(), { height: 300, series });
    options.scales.y = { range: (u, min, max) => [0, Math.max(1, topOf(u, [1])) * 1.08] };
    return [options, columns];
  }
  function build() {
    while (plots.length) plots.pop().destroy();
    for (const [id, make] of [["timeline", timeline], ["ledger", ledger]]) {
      const host = $(id);
      const [options, columns] = make();
      if (columns[0].length === 0) continue;
      options.width = Math.max(280, host.clientWidth - 16);
      options.height = innerWidth < 640 ? 230 : 300;
      plots.push(new uPlot(options, columns, host));
    }
    drawMap();
  }
  keys($("timeline"));
  keys($("ledger"));
  $("zoom-in").onclick = () => { const s = range[1] - range[0], m = (range[0] + range[1]) / 2; setRange(m - s / 4, m + s / 4); };
  $("zoom-out").onclick = () => { const s = range[1] - range[0], m = (range[0] + range[1]) / 2; setRange(m - s, m + s); };
  $("zoom-all").onclick = () => setRange(full[0], full[1]);

  followers.push((t) => {
    const T = data.timeline;
    if (T.t.length === 0) return;
    const i = indexAt(T.t, t);
    $("readout").textContent = "at " + seconds(t) + ": RSS " + bytes(T.rss[i]) + ", heap in use " + bytes(T.heapInuse[i]) + ", live " + bytes(T.heapLive[i]) +
      ", goal " + bytes(T.heapGoal[i]) + ", returned " + bytes(T.heapReleased[i]);
  });

  // Heap map.
  const maps = data.maps, canvas = $("map"), slider = $("map-time");
  let shown = -1;
  function drawMap() {
    if (!maps.t.length) { $("map-section").hidden = true; return; }
    const i = Math.max(0, shown < 0 ? indexAt(maps.t, moment) : shown), states = maps.states[i];
    const width = canvas.clientWidth || 600, ratio = devicePixelRatio || 1;
    const size = maps.cells.length > 400 ? 12 : 18, perRow = Math.max(1, Math.floor(width / size)), rows = Math.ceil(maps.cells.length / perRow);
    canvas.style.height = rows * size + "px";
    canvas.width = width * ratio;
    canvas.height = rows * size * ratio;
    const c = canvas.getContext("2d");
    c.scale(ratio, ratio);
    const colors = [css("inuse"), css("cached"), css("free"), css("released")];
    for (let k = 0; k < maps.cells.length; k++) {
      const x = (k % perRow) * size, y = Math.floor(k / perRow) * size, pages = maps.cells[k].chunks * 512;
      let at = y + size - 2;
      let any = 0;
      for (let s = 0; s < 4; s++) {
        const h = (states[k * 4 + s] / pages) * (size - 2);
        any += h;
        c.fillStyle = colors[s];
        c.fillRect(x, at - h, size - 2, h);
        at -= h;
      }
      if (any === 0) { c.strokeStyle = css("line"); c.strokeRect(x + 0.5, y + 0.5, size - 3, size - 3); }
    }
    const sums = [0, 0, 0, 0];
    for (let k = 0; k < states.length; k++) sums[k % 4] += states[k] * 8192;
    $("map-text").textContent = "at " + seconds(maps.t[i]) + ": " + bytes(sums[0]) + " in use, " + bytes(sums[1]) + " in page caches, " + bytes(sums[2]) + " free and backed, " + bytes(sums[3]) + " returned";
    slider.value = i;
    canvas.dataset.perRow = perRow;
    canvas.dataset.size = size;
  }
  slider.max = Math.max(0, maps.t.length - 1);
  let raf = 0;
  followers.push((t) => {
    if (!maps.t.length) return;
    const i = indexAt(maps.t, t);
    if (i === shown) return;
    shown = i;
    if (!raf) raf = requestAnimationFrame(() => { raf = 0; drawMap(); });
  });
  slider.oninput = () => { shown = -1; setMoment(maps.t[Number(slider.value)]); showCursor(); };
  let timer = 0;
  function play() {
    if (timer) { clearInterval(timer); timer = 0; $("map-play").textContent = "Play"; return; }
    let i = Number(slider.value) >= maps.t.length - 1 ? 0 : Number(slider.value);
    $("map-play").textContent = "Pause";
    timer = setInterval(() => {
      if (i >= maps.t.length - 1) return play();
      setMoment(maps.t[++i]);
      showCursor();
    }, matchMedia("(prefers-reduced-motion: reduce)").matches ? 500 : 100);
  }
  $("map-play").onclick = play;
  canvas.onmousemove = (e) => {
    const size = Number(canvas.dataset.size), perRow = Number(canvas.dataset.perRow);
    const k = Math.floor(e.offsetY / size) * perRow + Math.floor(e.offsetX / size);
    const cell = maps.cells[k];
    if (!cell || shown < -1) return;
    const s = maps.states[Math.max(0, Number(slider.value))], p = cell.chunks * 512;
    const share = (j) => Math.round((s[k * 4 + j] / p) * 100) + " %";
    $("map-cell").textContent = "0x" + cell.base + " (" + cell.chunks * 4 + " MiB): " + share(0) + " in use, " + share(1) + " cached, " + share(2) + " free, " + share(3) + " returned";
  };

  // GC table.
  const body = $("gc-rows"), LIMIT = 300;
  const texts = data.gcs.map((g) => [String(g[0]), seconds(g[1]), g[2] === null ? "–" : ((g[2] - g[1]) / 1e6).toFixed(2) + " ms",
    g[3] === null || g[2] === null ? "–" : ((g[3] - g[2]) / 1e6).toFixed(2) + " ms", bytes(g[4]), bytes(g[5]), bytes(g[6])]);
  function table() {
    const words = $("gc-search").value.trim().toLowerCase();
    let size = /^([<>])\s*(\d+(?:\.\d+)?)\s*(k|m|g)?i?b?$/.exec(words);
    const scale = { k: 1024, m: MIB, g: 1024 * MIB };
    const hits = [];
    for (let i = 0; i < texts.length; i++) {
      let hit;
      if (size) {
        const live = data.gcs[i][4];
        const bound = Number(size[2]) * (scale[size[3]] || 1);
        hit = live !== null && (size[1] === ">" ? live > bound : live < bound);
      } else hit = words === "" || texts[i].some((cell) => cell.toLowerCase().includes(words));
      if (hit) hits.push(i);
    }
    body.replaceChildren(...hits.slice(0, LIMIT).map((i) => {
      const row = document.createElement("tr");
      row.tabIndex = 0;
      for (const text of texts[i]) { const cell = document.createElement("td"); cell.textContent = text; row.append(cell); }
      const go = () => { setMoment(data.gcs[i][1]); const s = Math.min(range[1] - range[0], (full[1] - full[0]) / 10); setRange(moment / 1e9 - s / 2, moment / 1e9 + s / 2); showCursor(); };
      row.onclick = go;
      row.onkeydown = (e) => { if (e.key === "Enter") go(); };
      return row;
    }));
    $("gc-count").textContent = hits.length + " of " + texts.length + " cycles" + (hits.length > LIMIT ? ", the first " + LIMIT + " shown" : "") +
      (data.gcsLeftOut > 0 ? " (" + data.gcsLeftOut + " more are not in this file)" : "");
  }
  $("gc-search").oninput = table;
  table();

  $("theme").onclick = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    build();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
  let width = innerWidth, resizing = 0;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(resizing);
    resizing = setTimeout(build, 100);
  });
  build();
  setMoment(data.peak);
  $("state").textContent = "";
  document.documentElement.dataset.ready = "1";
  window.gopages = { setRange, range: () => range, plots };
})();
`;
