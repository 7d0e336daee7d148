// What the page knows: the lab as it is, what happened, and the probes of the last
// minutes. Whoever draws listens to what changes here.

export const model = {
  about: { services: [] },
  connected: false, why: "",
  lost: "", // why the engine does not answer; empty: it does
  state: null, faults: [],
  news: [], // newest first
  outages: [], // {vip, cluster, from, to (undefined while it lasts), ms, failed}, newest first
  lanes: new Map(), // VIP -> Lane
  rows: null, // of a replay: the lanes that are shown, instead of one for each VIP
  names: [], // nodes, in the order in which they were seen: their place is their colour
};

const listeners = new Map();

// on has a function called when a part changes: state, news, outages, link, lanes.
export function on(part, f) {
  listeners.set(part, [...(listeners.get(part) || []), f]);
}

export function tell(part) {
  for (const f of listeners.get(part) || []) f();
}

// clock is the server's, in ms: the browser's own may differ.
export const clock = {
  ahead: undefined, // of the browser's; the least late message tells it best
  fixed: undefined, // of a replay: what it is now
  heard(now) {
    const ahead = now - Date.now();
    this.ahead = this.ahead === undefined ? ahead : Math.max(this.ahead - 0.5, ahead);
  },
  now() { return this.fixed !== undefined ? this.fixed : Date.now() + (this.ahead || 0); },
};

const kept = 30000; // probes of a VIP: ten minutes at 50 a second
const FAILED = 255;
const UNKNOWN = 254;

// Lane is the probes of one VIP, a ring.
class Lane {
  constructor() {
    this.at = new Float64Array(kept);
    this.ms = new Float32Array(kept);
    this.who = new Uint8Array(kept);
    this.begin = 0;
    this.length = 0;
    this.failed = 0;
  }
  add(at, ms, who) {
    const i = (this.begin + this.length) % kept;
    this.at[i] = at; this.ms[i] = ms; this.who[i] = who;
    if (this.length < kept) this.length++;
    else this.begin = (this.begin + 1) % kept;
    if (who === FAILED) this.failed++;
  }
  // each hands over the probes that were due between two moments. A probe that was
  // given up comes after later ones that were answered, so a little more is looked at.
  each(from, to, take) {
    for (let n = this.length - 1; n >= 0; n--) {
      const i = (this.begin + n) % kept;
      if (this.at[i] < from - 1000) return;
      if (this.at[i] >= from && this.at[i] <= to) take(this.at[i], this.ms[i], this.who[i]);
    }
  }
}
export { FAILED, UNKNOWN };

// colourOf is a node's place among the colours.
export function colourOf(node) {
  if (!node) return UNKNOWN;
  let i = model.names.indexOf(node);
  if (i < 0) i = model.names.push(node) - 1;
  return i % 8;
}

export function lane(vip) {
  if (!model.lanes.has(vip)) {
    model.lanes.set(vip, new Lane());
    tell("lanes");
  }
  return model.lanes.get(vip);
}

// probed takes probes in: [VIP, due, ms, node, error].
export function probed(list) {
  for (const [vip, due, ms, node, error] of list) {
    lane(vip).add(due, ms, error ? FAILED : colourOf(node));
  }
}

const keptNews = 500;

// learn takes in something that happened.
export function learn(e) {
  e.at = Date.parse(e.time);
  // Date has milliseconds; the order within one is that of the list.
  model.news.unshift(e);
  if (model.news.length > keptNews) model.news.length = keptNews;
  if (e.kind === "outage") outage(e);
  if (e.kind === "lab" && e.action === "lost") model.lost = e.detail || "it does not answer";
  if (e.kind === "lab" && e.action === "back") model.lost = "";
  if (e.kind === "lab" && e.action === "down") model.outages = model.outages.filter((o) => o.to !== undefined);
  if (e.kind === "lab") tell("link");
  tell("news");
}

function outage(e) {
  let open = model.outages.find((o) => o.vip === e.address && o.to === undefined);
  if (e.action === "began") {
    if (!open) model.outages.unshift({ vip: e.address, cluster: e.cluster, from: e.at });
  } else {
    if (!open) model.outages.unshift(open = { vip: e.address, cluster: e.cluster });
    Object.assign(open, { from: e.at - e.outage_ms, to: e.at, ms: e.outage_ms, failed: e.failed });
  }
  if (model.outages.length > 200) model.outages.length = 200;
  tell("outages");
}

// forget drops what was measured of a lab that is not there any more.
export function forget() {
  model.lanes.clear();
  model.outages = [];
  model.news = [];
}
