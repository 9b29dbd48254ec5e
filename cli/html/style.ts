/** The page's own style; uPlot's stands beside it. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d8dee4;--card:#f6f8fa;--accent:#0072b2;
--rss:#0072b2;--measured:#d55e00;--inuse:#56b4e9;--live:#e69f00;--goal:#cc79a7;--released:#009e73;--band:#0072b222;--free:#e69f00;--cached:#cc79a7}
@media(prefers-color-scheme:dark){:root:not([data-theme=light]){--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#30363d;--card:#161b22;--accent:#56b4e9;
--rss:#56b4e9;--measured:#ff8c42;--inuse:#2f81c7;--live:#e6b800;--goal:#e39bc4;--released:#2bc49a;--band:#56b4e926}}
:root[data-theme=dark]{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#30363d;--card:#161b22;--accent:#56b4e9;
--rss:#56b4e9;--measured:#ff8c42;--inuse:#2f81c7;--live:#e6b800;--goal:#e39bc4;--released:#2bc49a;--band:#56b4e926;color-scheme:dark}
:root[data-theme=light]{color-scheme:light}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1rem 1.25rem 4rem;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.35rem;margin:.2rem 0 .6rem}h2{font-size:1.1rem;margin:2.2rem 0 .5rem}
header{display:flex;gap:1rem;align-items:start;justify-content:space-between}
.answer{font-size:1.1rem;max-width:60rem}.dim{color:var(--dim);font-size:.9rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.6rem;margin:1rem 0}
.figures div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.5rem .75rem}
.figures b{display:block;font-size:1.25rem}.figures span{color:var(--dim);font-size:.85rem}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
th{white-space:nowrap}td:first-child{min-width:8rem}td.text{min-width:6rem}td.dim{min-width:14rem}td{white-space:nowrap}td:first-child,td.text{white-space:normal;overflow-wrap:break-word}h1,.answer,li{overflow-wrap:anywhere}
.numbers td:first-child{min-width:0}.chart+.scroll{margin-top:1rem}th:first-child,td:first-child,td.text,th.text{text-align:left}thead th{position:sticky;top:0;background:var(--bg)}
.scroll{overflow-x:auto}.tall{max-height:26rem;overflow:auto}
.chart{border:1px solid var(--line);border-radius:.5rem;padding:.4rem;min-height:19rem;position:relative;overflow:hidden}
.chart:focus-visible,canvas:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.readout{min-height:1.5rem;font-size:.9rem;font-variant-numeric:tabular-nums}
button,input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.25rem .6rem}
button:hover{border-color:var(--accent)}input[type=range]{padding:0;flex:1;min-width:8rem}
.bar{display:flex;gap:.5rem;align-items:center;flex-wrap:wrap;margin:.5rem 0}
.key{display:inline-flex;align-items:center;gap:.35rem;margin-right:.9rem;font-size:.85rem}
.key i{width:.8rem;height:.8rem;border-radius:.15rem;display:inline-block}
.k-inuse{background:var(--inuse)}.k-cached{background:var(--cached)}.k-free{background:var(--free)}.k-released{background:var(--released)}
canvas.map{width:100%;display:block}.warning{border-left:4px solid var(--measured);padding-left:.6rem}
.curve{max-width:100%;height:auto}details{margin:.5rem 0}summary{cursor:pointer}li{margin:.25rem 0}.u-legend{font-size:.8rem}.u-legend .u-series th::after{content:none}
.u-legend th,.u-legend td{border:0;padding:.1rem .3rem}.u-select{background:var(--band)}
@media(max-width:40rem){body{padding:.75rem .75rem 3rem;font-size:15px}.answer{font-size:1rem}th,td{padding:.25rem .35rem}h2{margin-top:1.6rem}.u-legend{font-size:.7rem}}
@media print{body{max-width:none;padding:0}button,input,.bar,.noprint{display:none!important}.tall{max-height:none;overflow:visible}.chart{break-inside:avoid}h2{break-after:avoid}thead th{position:static}}
`;
