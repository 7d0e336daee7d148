// Requests as they happen: for each VIP a lane, in it a dot for each probe, bands for
// outages, and lines for what happened. view.js says which time is shown.

import { model, on, clock, FAILED, UNKNOWN } from "./model.js";
import { byId, calm, el, figure, plain, show } from "./dom.js";
import { View } from "./view.js";
import { clockText } from "./news.js";

const view = new View();
let canvas, pen, colours = {}, dirty = true, last = 0;

export const flow = {
  // mark stands still at a moment and points at it.
  mark(at) { view.look(at); changed(); },
  touch() { dirty = true; },
  // span shows so many ms.
  span(ms) { view.span = ms; changed(); },
};

export function startFlow() {
  canvas = byId("canvas");
  pen = canvas.getContext("2d");
  view.listen(canvas, changed);
  byId("pause").addEventListener("click", () => { view.toggle(); changed(); });
  byId("zoom-in").addEventListener("click", () => { view.zoom(0.5); changed(); });
  byId("zoom-out").addEventListener("click", () => { view.zoom(2); changed(); });
  for (const part of ["state", "lanes", "news"]) on(part, () => { dirty = true; });
  on("outages", outages);
  on("state", legend);
  new ResizeObserver(() => { dirty = true; }).observe(canvas);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", () => { colours = {}; dirty = true; });
  changed();
  requestAnimationFrame(frame);
}

function changed() {
  dirty = true;
  show(byId("span"), view.span >= 1000 ? Math.round(view.span / 100) / 10 + " s" : Math.round(view.span) + " ms");
  byId("pause").setAttribute("aria-pressed", String(!view.live));
  show(byId("pause"), view.live ? "Pause" : "Live");
}

// frame draws when there is something new; with reduced motion twice a second.
function frame(t) {
  requestAnimationFrame(frame);
  const flowing = view.live && model.lanes.size > 0 && t - last > (calm.matches ? 500 : 30);
  if (!dirty && !flowing) return;
  dirty = false;
  last = t;
  draw();
}

function colour(name) {
  if (!(name in colours)) colours[name] = getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  return colours[name];
}

const axis = 22, top = 26, failedRow = 12;
const scale = [0.1, 1000]; // ms, logarithmic

function draw() {
  const w = canvas.clientWidth, h = canvas.clientHeight, d = devicePixelRatio || 1;
  if (canvas.width !== Math.round(w * d) || canvas.height !== Math.round(h * d)) {
    canvas.width = Math.round(w * d);
    canvas.height = Math.round(h * d);
  }
  pen.setTransform(d, 0, 0, d, 0, 0);
  pen.clearRect(0, 0, w, h);
  const [from, to] = view.range(clock.now());
  const x = (at) => (at - from) / (to - from) * w;
  const rows = model.rows || (model.state ? model.state.clusters : []).map((c) => ({ vip: c.vip.address, name: c.vip.name, more: c.vip.address, cluster: c.name }));
  const each = (h - axis) / Math.max(1, rows.length);
  pen.font = "12px system-ui, sans-serif";
  rows.forEach((r, i) => lane({ ...r, x, from, to, w, y: i * each, h: each }));
  times(x, from, to, w, h);
  if (view.marked !== undefined) line(x(view.marked), 0, h - axis, colour("accent"), 2);
}

function lane(l) {
  const bottom = l.y + l.h - 8, floor = l.y + top + failedRow;
  l.height = (ms) => bottom - Math.min(1, Math.max(0, Math.log(ms / scale[0]) / Math.log(scale[1] / scale[0]))) * (bottom - floor);
  pen.textBaseline = "alphabetic";
  for (const ms of [1, 10, 100]) {
    line2(0, l.height(ms), l.w, colour("grid"));
  }
  bands(l);
  dots(l);
  marks(l);
  pen.textAlign = "left";
  for (const ms of [1, 10, 100]) text(ms + " ms", 4, l.height(ms) - 3, colour("muted"));
  text(l.name, 4, l.y + 14, colour("ink"), true);
  if (l.w > 500) text(l.more, 10 + pen.measureText(l.name).width, l.y + 14, colour("muted"));
  if (l.y > 0) line2(0, l.y, l.w, colour("rule"));
}

function dots(l) {
  const probes = model.lanes.get(l.vip);
  if (!probes) return;
  const size = view.span < 15000 ? 4 : view.span < 130000 ? 2.5 : 1.5;
  const byColour = new Map();
  probes.each(l.from, l.to, (at, ms, who) => {
    const key = who === FAILED ? "fail" : who === UNKNOWN ? "unknown" : "n" + who;
    if (!byColour.has(key)) byColour.set(key, []);
    byColour.get(key).push(l.x(at), who === FAILED ? l.y + top : l.height(ms));
  });
  for (const [key, points] of byColour) {
    pen.fillStyle = colour(key);
    for (let i = 0; i < points.length; i += 2) pen.fillRect(points[i] - size / 2, points[i + 1] - size / 2, size, size);
  }
}

function bands(l) {
  for (const o of model.outages) {
    if (o.vip !== l.vip) continue;
    const to = o.to === undefined ? clock.now() : o.to;
    if (to < l.from || o.from > l.to) continue;
    const a = l.x(o.from), width = Math.max(2, l.x(to) - a);
    pen.fillStyle = colour("band");
    pen.fillRect(a, l.y + 1, width, l.h - 2);
    o.label = figure(o.to === undefined ? to - o.from : o.ms);
  }
  // Labels above the bands, from right to left; one that has no room is left out.
  let free = Infinity;
  pen.textAlign = "left";
  for (const o of model.outages) {
    if (o.vip !== l.vip || (o.to || clock.now()) < l.from || o.from > l.to) continue;
    const at = Math.min(l.x(o.from), l.w - pen.measureText(o.label).width - 4);
    if (at + pen.measureText(o.label).width + 6 > free) continue;
    free = Math.max(0, at);
    text(o.label, Math.max(4, at), l.y + top + failedRow + 6, colour("fail"), true);
  }
}

const drawn = { fault: "fault", restore: "restored", vip: "VIP", vrrp: "VRRP", arp: "ARP" };

function marks(l) {
  const free = [Infinity, Infinity]; // of the row of faults, and of that above
  for (const e of model.news) { // newest first: from right to left
    if (e.at < l.from) break;
    if (e.cluster !== l.cluster || e.at > l.to || !drawn[e.kind] || e.action === "removed" || e.kind === "vrrp" && e.to !== "MASTER") continue;
    const x = l.x(e.at);
    const strong = e.kind === "fault" || e.kind === "restore";
    line(x, l.y + 18, l.y + l.h, colour(strong ? "ink" : "step"), 1, strong ? [] : [3, 3]);
    const words = strong ? (e.kind === "fault" ? e.fault : "restored") : e.kind === "vrrp" ? "MASTER" : drawn[e.kind];
    pen.textAlign = "left";
    const wide = pen.measureText(words).width + 6;
    const row = strong ? 0 : 1;
    if (x + wide > Math.min(free[row], l.w)) continue;
    free[row] = x;
    text(words, x + 3, l.y + l.h - 6 - row * 14, colour(strong ? "ink" : "muted"), strong);
  }
}

function times(x, from, to, w, h) {
  const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300].map((s) => s * 1000);
  const step = steps.find((s) => (to - from) / s <= w / 90) || 600000;
  line2(0, h - axis, w, colour("rule"));
  pen.textAlign = "center";
  for (let at = Math.ceil(from / step) * step; at < to; at += step) {
    line(x(at), h - axis, h - axis + 4, colour("muted"), 1);
    const label = step < 1000 ? clockText(at).slice(6) : clockText(at).slice(0, 8);
    if (x(at) > 30 && x(at) < w - 30) text(label, x(at), h - 5, colour("muted"));
  }
}

function text(name, x, y, fill, bold = false) {
  const words = plain(name);
  pen.font = (bold ? "600 " : "") + "12px system-ui, sans-serif";
  pen.lineWidth = 3;
  pen.strokeStyle = colour("panel");
  pen.lineJoin = "round";
  pen.strokeText(words, x, y);
  pen.fillStyle = fill;
  pen.fillText(words, x, y);
}

function line(x, y1, y2, stroke, width, dash = []) {
  pen.strokeStyle = stroke;
  pen.lineWidth = width;
  pen.setLineDash(dash);
  pen.beginPath();
  pen.moveTo(x, y1);
  pen.lineTo(x, y2);
  pen.stroke();
  pen.setLineDash([]);
}

function line2(x, y, w, stroke) {
  pen.strokeStyle = stroke;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(x, Math.round(y) + 0.5);
  pen.lineTo(x + w, Math.round(y) + 0.5);
  pen.stroke();
}

// outages says in words what the bands show.
function outages() {
  dirty = true;
  const now = model.outages.slice(0, 4);
  byId("outages").replaceChildren(...now.map((o) => el("li", { class: o.to === undefined ? "now" : "" },
    el("button", { type: "button", title: "Show it", onclick: () => flow.mark(o.from) },
      el("b", {}, o.to === undefined ? "no answer" : figure(o.ms)), el("span", {}, `${o.cluster || o.vip} ${clockText(o.from).slice(0, 8)}`)))));
}

// legend names the colours.
function legend() {
  const names = model.state.clusters.flatMap((c) => c.nodes.map((n) => n.name));
  if (byId("legend").dataset.of === names.join()) return;
  byId("legend").dataset.of = names.join();
  byId("legend").replaceChildren(...names.map((n) => el("span", {}, el("i", { class: "dot c" + model.names.indexOf(n) % 8, "aria-hidden": "true" }), n)),
    el("span", {}, el("i", { class: "dot fail", "aria-hidden": "true" }), "failed"));
}
