// Drills: choose scenarios, have them measured, read the table.

import { model, on } from "./model.js";
import { el, byId, toast } from "./dom.js";
import { get, post } from "./api.js";

let told = "", timer;

export async function openDrills() {
  const box = byId("drills");
  if (!await draw(box)) return;
  if (!box.open) box.showModal();
}

async function draw(box) {
  let d;
  try {
    d = await get("/api/drills");
  } catch (e) {
    toast(e.message, true);
    return false;
  }
  const running = d.runs.find((r) => r.running);
  box.replaceChildren(el("h2", { id: "drills-title" }, "Drills"),
    running ? progress(running) : "",
    ...d.runs.filter((r) => !r.running).reverse().map(result),
    running || model.about.read_only ? "" : picker(box, d.scenarios, d.runs.length === 0),
    el("footer", {}, el("button", { type: "button", class: "quiet", onclick: () => box.close() }, "Close")));
  clearTimeout(timer);
  if (running) timer = setTimeout(() => draw(box), 1000);
  return true;
}

// picker is the menu; open shows the first cluster's part of it.
function picker(box, scenarios, open) {
  const by = new Map();
  for (const s of scenarios) {
    if (!by.has(s.cluster)) by.set(s.cluster, []);
    by.get(s.cluster).push(s);
  }
  const f = el("form", {}, el("p", { class: "quiet" }, "Each breaks one thing, measures what a client loses, mends it and measures that too. Nothing else may be broken meanwhile."),
    [...by].map(([cluster, list]) => el("details", { open: open && cluster === scenarios[0].cluster }, el("summary", {}, cluster),
      el("ul", { class: "scenarios" }, list.map((s) => el("li", {}, el("label", { title: s.left_out || "" },
        el("input", { type: "checkbox", name: "scenario", value: s.name, disabled: !!s.left_out }),
        el("span", {}, el("b", {}, s.name.replace(cluster + "/", "")), " ", el("small", {}, s.left_out ? "left out: " + s.left_out : s.description)))))))),
    el("div", { class: "start" }, el("label", {}, "each ", el("input", { name: "repeat", type: "number", min: "1", max: "100", value: "3" }), " times"),
      el("button", { type: "submit", class: "primary" }, "Measure")));
  f.addEventListener("submit", async (e) => {
    e.preventDefault();
    const names = [...f.querySelectorAll("[name=scenario]:checked")].map((c) => c.value);
    if (names.length === 0) {
      toast("Choose a scenario first.", true);
      return;
    }
    try {
      await post("/api/drills", { scenarios: names, repeat: Number(f.elements.repeat.value) });
    } catch (err) {
      toast(err.message, true);
    }
    draw(box);
  });
  return f;
}

function progress(r) {
  return el("section", { class: "running" }, el("h3", {}, "Measuring ", r.scenarios.join(", ")),
    el("p", { class: "quiet", role: "status" }, told || "it begins …"),
    model.about.read_only ? "" : el("button", { type: "button", onclick: () => post("/api/drills/stop", {}).catch((e) => toast(e.message, true)) }, "Stop, and mend what is broken"));
}

function result(r) {
  return el("section", { class: "result" }, el("h3", {}, r.scenarios.join(", ")),
    r.error ? el("p", { class: "bad" }, r.error) : "",
    r.text ? [el("pre", { tabindex: "0" }, r.text),
      el("p", { class: "links" }, el("a", { href: `/api/drills/${r.id}/report.html`, target: "_blank", rel: "noopener" }, "Report"),
        el("a", { href: `/api/drills/${r.id}/drill.json.gz` }, "Save for replay"))] : "");
}

on("news", () => {
  const e = model.news[0];
  if (e && e.kind === "progress") told = [e.node, e.text].filter(Boolean).join(": ");
});
