// The list of events: newest first, filtered by node and kind. One that is chosen
// marks its moment in the picture of requests.

import { model, on, colourOf } from "./model.js";
import { el, byId, plain } from "./dom.js";

const shown = 200;
let list, due = false, chosen = null, choose;

// startNews draws the list; pick is told the moment of an event that is chosen.
export function startNews(pick) {
  list = byId("news");
  choose = pick;
  on("news", later);
  for (const id of ["news-node", "news-kind"]) byId(id).addEventListener("change", draw);
  list.addEventListener("keydown", keys);
  list.addEventListener("click", (e) => take(e.target.closest("li")));
  draw();
}

function later() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => { due = false; draw(); });
}

// clock is a moment with its milliseconds, as a log has it.
export function clockText(ms) {
  const d = new Date(ms);
  const two = (n) => String(n).padStart(2, "0");
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, "0")}`;
}

const weighty = { fault: "bad", outage: "bad", vip: "moved", vrrp: "moved", arp: "moved", engine: "faint" };

function draw() {
  options("news-node", model.news.map((e) => e.node));
  options("news-kind", model.news.map((e) => e.kind));
  const node = byId("news-node").value, kind = byId("news-kind").value;
  const rows = model.news.filter((e) => (!node || e.node === node) && (!kind || e.kind === kind)).slice(0, shown);
  if (rows.length === 0) {
    list.replaceChildren(el("li", { class: "none" }, model.news.length ? "Nothing of that kind yet." : "Nothing has happened yet. Break something, or wait."));
    return;
  }
  const old = new Map([...list.children].map((li) => [li.event, li]));
  list.replaceChildren(...rows.map((e) => old.get(e) || row(e)));
}

function row(e) {
  const li = el("li", { class: weighty[e.kind] || "", tabindex: "-1", "data-kind": e.kind },
    el("time", {}, clockText(e.at)),
    el("i", { class: e.node ? "dot c" + colourOf(e.node) : "dot", "aria-hidden": "true" }),
    el("b", {}, e.node || e.cluster || "lab"), el("span", {}, e.text));
  li.event = e;
  return li;
}

// options fills a filter with what there is.
function options(id, values) {
  const select = byId(id);
  const have = [...select.options].map((o) => o.value);
  for (const v of new Set(values)) {
    if (v && !have.includes(v)) select.append(el("option", { value: v }, plain(v)));
  }
}

function take(li) {
  if (!li || !li.event) return;
  if (chosen) chosen.removeAttribute("aria-current");
  chosen = li;
  li.setAttribute("aria-current", "true");
  choose(li.event.at);
}

function keys(e) {
  const here = document.activeElement.closest("#news li");
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[e.key];
  if (step) {
    const next = here ? here[step] : list.firstElementChild;
    if (next) next.focus();
    e.preventDefault();
  } else if (e.key === "Enter") {
    take(here);
  }
}
