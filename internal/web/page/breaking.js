// Breaking and mending: a form of the catalogue's faults, each with what it will do
// and what it is expected to cost.

import { model } from "./model.js";
import { el, byId, toast, figure, plain } from "./dom.js";
import { get, post } from "./api.js";

let offers = null, asked = 0;

export async function openBreak(target = "", service = "") {
  if (model.about.read_only || model.about.replay || !model.state) return;
  try {
    offers ||= await get("/api/catalogue");
  } catch (e) {
    toast(e.message, true);
    return;
  }
  target ||= model.state.clusters[0].vip.name;
  const box = byId("breaking");
  box.replaceChildren(form(box, target, service));
  box.showModal();
  box.querySelector("[name=what]").focus();
}

function form(box, target, service) {
  const what = el("select", { name: "what" }, groups());
  const first = offers.findIndex((o) => o.service === (service || "haproxy"));
  what.value = String(Math.max(0, first));
  const f = el("form", { method: "dialog" },
    el("h2", { id: "breaking-title" }, "Break something"),
    row("Where", el("select", { name: "target" }, targets(true))),
    row("What", what),
    el("div", { class: "args" }),
    el("p", { class: "summary", id: "breaking-summary" }),
    el("div", { class: "forecast", "aria-live": "polite" }),
    el("footer", {}, el("button", { type: "button", class: "quiet", onclick: () => box.close() }, "Cancel"),
      el("button", { type: "button", name: "mend" }, "Restore it"),
      el("button", { type: "submit", class: "danger" }, "Break it")));
  const renew = () => { args(f); foresee(f); };
  what.addEventListener("change", renew);
  f.addEventListener("change", (e) => { if (e.target !== what) foresee(f); });
  f.mend.addEventListener("click", () => { box.close(); restore(f.elements.target.value); });
  f.addEventListener("submit", (e) => { e.preventDefault(); box.close(); doBreak(order(f)); });
  f.elements.target.value = target;
  renew();
  return f;
}

const row = (label, field, unit = "") => el("label", { class: "row" }, el("span", {}, label), field, unit ? el("small", {}, unit) : null);

// groups are the catalogue as a list: by service, and what is done to a whole node.
function groups() {
  const by = new Map();
  offers.forEach((o, i) => {
    const name = o.service || "network and resources of the node";
    if (!by.has(name)) by.set(name, []);
    by.get(name).push(el("option", { value: i }, (o.service ? o.service + ": " : "") + o.name));
  });
  return [...by].map(([name, list]) => el("optgroup", { label: name }, list));
}

// targets are what can be hit: who holds a VIP, a node, a cluster.
function targets(clusters, client = false) {
  const list = [];
  for (const c of model.state.clusters) {
    const inside = [];
    if (clusters) inside.push(el("option", { value: c.vip.name }, `${plain(c.vip.name)}: whoever holds the VIP`));
    for (const n of c.nodes) inside.push(el("option", { value: n.name }, n.name));
    inside.push(el("option", { value: c.name }, `${plain(c.name)}: all its nodes`));
    list.push(el("optgroup", { label: c.name }, inside));
  }
  if (client) list.push(el("option", { value: "client" }, "client"));
  return list;
}

const chosen = (f) => offers[Number(f.elements.what.value)];

// args makes the fields of a fault.
function args(f) {
  const o = chosen(f);
  const fields = o.args.map((a, i) => {
    const name = "arg" + i;
    const label = a.name.toLowerCase().replace(/\d/g, "");
    if (a.target) return row("and", el("select", { name }, targets(false, true)));
    if (a.values) {
      const s = el("select", { name }, a.values.map((v) => el("option", { value: v }, v)));
      s.value = a.default || a.example;
      return row(label, s, a.type);
    }
    return row(label, el("input", { name, value: a.default || a.example, required: true, autocomplete: "off", spellcheck: "false" }), a.unit);
  });
  fields.push(row("ends after", el("input", { name: "for", inputmode: "decimal", placeholder: "when you restore it", autocomplete: "off" }), "seconds"));
  if (o.one_way) fields.push(el("label", { class: "row check" }, el("span", {}), el("span", {}, el("input", { type: "checkbox", name: "oneway" }), " only the second stops hearing the first")));
  f.querySelector(".args").replaceChildren(...fields);
  f.querySelector(".summary").replaceChildren(el("b", {}, "What happens: "), sentence(o.summary), " ", el("b", {}, "What you see: "), sentence(o.sees));
}

const sentence = (s) => s.charAt(0).toUpperCase() + s.slice(1) + ".";

function order(f) {
  const o = chosen(f);
  return {
    target: f.elements.target.value,
    words: [...o.words.flatMap((w) => w.split(" ")), ...o.args.map((_, i) => f.elements["arg" + i].value.trim())],
    one_way: !!f.elements.oneway && f.elements.oneway.checked,
    for_seconds: Number(f.elements.for.value.replace(",", ".")) || 0,
  };
}

// foresee asks what the fault is expected to cost; a later question wins.
async function foresee(f) {
  const o = order(f), mine = ++asked;
  const box = f.querySelector(".forecast");
  box.className = "forecast waiting";
  const q = new URLSearchParams([["target", o.target], ...o.words.map((w) => ["word", w]), ["one_way", String(o.one_way)]]);
  let text;
  try {
    const p = await get("/api/forecast?" + q);
    text = foreseen(p);
  } catch (e) {
    text = [el("p", { class: "odd" }, e.message)];
  }
  if (mine !== asked) return;
  box.className = "forecast";
  box.replaceChildren(...text);
}

// range is a prediction in a few words.
function range(p) {
  if (p.never) return "no end until it is restored";
  return p.min_ms === p.max_ms ? figure(p.max_ms) : `${figure(p.min_ms)} – ${figure(p.max_ms)}`;
}

function foreseen(f) {
  const edge = f.predictions.find((p) => p.metric === "edge.outage");
  // A stopped app is predicted 0 to 5 ms: 0 by the files, and 5 that every prediction
  // allows a machine. Where the files say 0, that is said.
  const none = edge && !edge.never && edge.mean_ms === 0;
  if (!edge) return [el("p", {}, el("span", { class: "label" }, "Expected outage at the VIP"), el("b", {}, "not predicted")), f.none ? el("p", { class: "quiet" }, f.none) : ""];
  return [el("p", {}, el("span", { class: "label" }, "Expected outage at the VIP"), el("b", { class: none ? "good" : "" }, none ? "none" : range(edge))),
    f.none ? el("p", { class: "quiet" }, f.none) : "",
    el("details", {}, el("summary", {}, "Why"), f.predictions.map((p) => el("p", { class: "quiet" }, el("code", {}, p.metric), ` ${range(p)}: ${p.formula}${p.assumes ? ". Assumes " + p.assumes : ""}`)))];
}

async function doBreak(o) {
  try {
    const r = await post("/api/faults", o);
    const words = r.done.map((d) => `${d.fault}${d.words ? " " + d.words.join(" ") : ""} ${d.service !== "node" ? d.service + " " : ""}on ${d.node}`).join(", ");
    const vips = r.vips.map((v) => v.holders.length === 0 ? `nobody holds ${v.name}` : `${v.name} is held by ${v.holders.join(" and ")}`).join("; ");
    toast(`Done: ${words}. ${vips}.`);
  } catch (e) {
    toast(e.message, true);
  }
}

// restore mends a target, or everything; words are a service or a fault.
export async function restore(target, words = []) {
  if (model.about.read_only || model.about.replay) return;
  try {
    const r = await post("/api/restore", { target, words });
    const done = r.mended.map((m) => `${m.action} ${m.fault || m.service} on ${m.node}`).join(", ");
    toast(`${done ? done.charAt(0).toUpperCase() + done.slice(1) : "Nothing was broken"}; ${r.healthy ? `healthy after ${r.seconds.toFixed(1)} s` : "some hosts do not answer"}.`);
  } catch (e) {
    toast(e.message, true);
  }
}

export async function switchVIP(cluster) {
  try {
    const r = await post("/api/switch", { cluster });
    toast(`${r.vip} moved from ${r.from} to ${r.to}.`);
  } catch (e) {
    toast(e.message, true);
  }
}
