// The page's beginning: what it is to be, and who draws what.

import { model, on } from "./model.js";
import { byId, show, el, plain } from "./dom.js";
import { get, follow } from "./api.js";
import { drawLab } from "./lab.js";
import { startFlow, flow } from "./flow.js";
import { startNews } from "./news.js";
import { openBreak, restore } from "./breaking.js";
import { openDrills } from "./drills.js";
import { startReplay } from "./replay.js";

// The key has done its work: it stays in the cookie, and in nobody's history.
history.replaceState(null, "", location.pathname);

function status() {
  const st = model.state;
  const ready = byId("ready");
  const down = st && st.clusters.length === 0;
  if (!model.about.replay) show(byId("which"), st ? `${st.lab}${st.base ? " · " + st.base : ""}${st.profile ? " · " + st.profile : ""}` : "");
  let words = "connecting …", kind = "odd";
  if (model.connected && st) {
    const n = model.faults.length;
    if (model.lost) [words, kind] = ["engine lost", "bad"];
    else if (down) [words, kind] = ["not up", "odd"];
    else if (st.ready) [words, kind] = ["ready", "good"];
    else if (n > 0) [words, kind] = [n === 1 ? "1 thing is broken" : n + " things are broken", "bad"];
    else [words, kind] = ["not ready", "odd"];
  }
  show(ready, words);
  ready.className = "ready " + kind;
  document.title = st ? plain(st.lab) + ": " + words : "halab";
  byId("do-restore").disabled = !st || model.faults.length === 0;
  byId("do-break").disabled = byId("do-drills").disabled = !st || down;
  banner(down);
}

function banner(down) {
  const e = byId("banner");
  let text = "";
  if (!model.connected && model.why) text = `No connection: ${model.why}${/[.?!]$/.test(model.why) ? "" : "."} The page tries again by itself.`;
  else if (model.lost) text = `The Docker Engine does not answer (${model.lost}). The page goes on when it does.`;
  else if (down) text = `Lab ${model.state.lab} is not up. Bring it up with “halab up”; the page shows it as it comes.`;
  show(e, text);
  e.hidden = text === "";
}

function keys(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, select, textarea, dialog")) return;
  const press = { b: "do-break", r: "do-restore", d: "do-drills", "?": "do-help", p: "pause", "+": "zoom-in", "=": "zoom-in", "-": "zoom-out" }[e.key];
  const button = press && byId(press);
  if (!button || button.disabled || button.hidden) return;
  e.preventDefault();
  button.click();
}

function help() {
  const rows = [["b", "break something"], ["r", "restore everything"], ["d", "drills"], ["p", "pause, or go on"],
    ["+  −", "a shorter, a longer time"], ["←  →", "earlier, later (in the picture of requests)"], ["↑  ↓", "events; Enter marks the moment"],
    ["Esc", "close what is open"]];
  const box = byId("help");
  box.replaceChildren(el("h2", { id: "help-title" }, "Keys"),
    el("dl", { class: "keys" }, rows.map(([k, what]) => [el("dt", {}, el("kbd", {}, k)), el("dd", {}, what)])),
    el("p", { class: "quiet" }, "A dot is a request to a VIP: across when it was sent, upwards how long its answer took, its colour who answered. Red ones on top failed; the red band is the outage."),
    el("footer", {}, el("button", { type: "button", onclick: () => box.close() }, "Close")));
  box.showModal();
}

async function begin() {
  model.about = await get("/api/about");
  document.body.classList.toggle("read-only", model.about.read_only);
  document.body.classList.toggle("replay", model.about.replay);
  for (const part of ["state", "link"]) on(part, status);
  on("state", drawLab);
  on("link", drawLab);
  startFlow();
  startNews((at) => flow.mark(at));
  byId("do-help").addEventListener("click", help);
  document.addEventListener("keydown", keys);
  if (model.about.replay) {
    await startReplay();
    return;
  }
  byId("do-break").addEventListener("click", () => openBreak());
  byId("do-restore").addEventListener("click", () => restore(""));
  byId("do-drills").addEventListener("click", openDrills);
  follow();
}

begin().catch((e) => {
  byId("banner").hidden = false;
  show(byId("banner"), e.message);
});

