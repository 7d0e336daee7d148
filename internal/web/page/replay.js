// A saved drill, played: the same picture, of a recording instead of a lab. Its clock
// is the recording's, and the state at a moment is what each node had told last.

import { model, tell, clock, lane, colourOf, forget, FAILED } from "./model.js";
import { el, byId, show } from "./dom.js";
import { get } from "./api.js";
import { flow } from "./flow.js";
import { tapeOf, stateAt } from "./tape.js";

let tape = null, at = 0, playing = false, speed = 1, last = 0;

export async function startReplay() {
  const saved = await get("/api/replay");
  const runs = saved.runs.map((r, i) => ({ ...r, i })).filter((r) => r.recorded);
  if (runs.length === 0) throw new Error("This drill was saved without its samples, so there is nothing to play. Save one with: halab drill --save FILE");
  show(byId("which"), `${saved.lab} · ${saved.base} · ${saved.profile}, drilled ${new Date(saved.date).toLocaleString()}`);
  document.querySelector(".top").after(player(runs));
  await load(runs[0].i);
  requestAnimationFrame(tick);
}

function player(runs) {
  const choose = el("select", { id: "run", "aria-label": "Run", onchange: (e) => load(Number(e.target.value)) },
    runs.map((r) => el("option", { value: r.i }, `${r.scenario}, run ${r.run}${r.valid ? "" : " (no measurement)"}`)));
  const bar = el("input", { id: "seek", type: "range", min: "0", step: "1", "aria-label": "Moment", oninput: (e) => seek(tape.begin + Number(e.target.value)) });
  const rate = el("select", { id: "speed", "aria-label": "Speed", onchange: (e) => { speed = Number(e.target.value); } },
    [0.02, 0.1, 0.25, 1, 4].map((v) => el("option", { value: v, selected: v === 1 }, v + "×")));
  return el("section", { class: "player", "aria-label": "Player" }, choose,
    el("button", { id: "play", type: "button", class: "primary", onclick: () => play(!playing) }, "Play"),
    el("button", { type: "button", onclick: () => seek(tape.fault - 200) }, "To the fault"), bar, el("output", { id: "moment" }), rate);
}

async function load(i) {
  const { recording, words } = await get("/api/replay/" + i);
  tape = tapeOf(recording, words);
  forget();
  model.rows = tape.rows;
  for (const n of recording.nodes) colourOf(n.name);
  for (const s of tape.samples) lane(s.stream).add(s.at, s.ms, s.failed ? FAILED : colourOf(s.node));
  model.connected = true;
  byId("seek").max = String(Math.ceil(tape.end - tape.begin));
  flow.span(10000);
  seek(Math.max(tape.begin, tape.fault - 3000));
  play(true);
}

function play(on) {
  playing = on;
  if (on && at >= tape.end) seek(tape.begin);
  byId("play").textContent = on ? "Stop" : "Play";
}

function tick(now) {
  requestAnimationFrame(tick);
  const step = (now - last) * speed;
  last = now;
  if (playing) seek(at + Math.min(step, 1000));
  if (playing && at >= tape.end) play(false);
}

let shown = "";

// seek goes to a moment: everything is as it was then.
function seek(moment) {
  at = Math.min(tape.end, Math.max(tape.begin, moment));
  clock.fixed = at;
  byId("seek").value = String(at - tape.begin);
  byId("moment").textContent = ((at - tape.fault) / 1000).toFixed(2) + " s since the fault";
  const past = tape.news.filter((e) => e.at <= at);
  const now = past.length + " " + tape.downAt(at);
  flow.touch();
  model.outages = tape.outages.filter((o) => o.from <= at).map((o) => (o.to <= at ? o : { ...o, to: undefined }));
  if (now === shown && model.state) return;
  shown = now;
  model.news = past.reverse();
  [model.state, model.faults] = stateAt(tape, at);
  for (const part of ["news", "state", "outages"]) tell(part);
}
