// A recording of a drill's run as the page needs it. Nothing here draws.

const outageMarks = { fault: "fault", restore: "restore" };

// tapeOf reads a recording; words are those of its events, in the same order.
export function tapeOf(rec, words) {
  const ms = (mono) => (rec.hello.wall + (mono - rec.hello.mono)) / 1e6;
  const samples = rec.samples.map((s) => ({ stream: s.stream, at: ms(s.due), ms: (s.done - s.due) / 1e6, failed: !!s.error || s.status !== 200, node: s.node }))
    .sort((a, b) => a.at - b.at);
  const mark = (name) => rec.marks.filter((m) => m.name === name).map((m) => ms(m.at))[0];
  const of = Object.fromEntries(rec.nodes.map((n) => [n.name, n.cluster]));
  const t = {
    rec, samples, of,
    begin: samples.length ? samples[0].at : ms(rec.hello.mono), fault: mark("fault"), restored: mark("restore-returned"),
    rows: rec.streams.map((s) => ({ vip: s.name, name: s.name, more: s.url.replace(/^http:\/\//, ""), cluster: rec.cluster })),
    events: (rec.events || []).map((e) => ({ ...e, at: ms(e.mono) })),
  };
  t.fault ??= t.begin;
  t.end = samples.reduce((m, s) => Math.max(m, s.at), t.begin);
  t.outages = outagesOf(t);
  t.news = newsOf(t, words, ms);
  t.downAt = (at) => stateOfTarget(t, at);
  return t;
}

// outagesOf finds in each stream what failed, until the next that was answered.
function outagesOf(t) {
  const open = new Map(), list = [];
  for (const s of t.samples) {
    const o = open.get(s.stream);
    if (s.failed && !o) open.set(s.stream, { vip: s.stream, cluster: s.stream, from: s.at, failed: 1 });
    else if (s.failed) o.failed++;
    else if (o) {
      list.push({ ...o, to: s.at, ms: s.at - o.from });
      open.delete(s.stream);
    }
  }
  for (const o of open.values()) list.push({ ...o, to: Infinity, ms: Infinity });
  return list.sort((a, b) => b.from - a.from);
}

const kinds = { vrrp: "vrrp", "vip-added": "vip", "vip-removed": "vip", servers: "servers" };

function newsOf(t, words, ms) {
  const list = t.events.map((e, i) => ({ at: e.at, node: e.node, cluster: t.of[e.node], kind: kinds[e.event] || "node",
    action: e.event.replace("vip-", ""), to: e.to, text: words[i].text }));
  for (const m of t.rec.marks) {
    const kind = outageMarks[m.name];
    if (kind) list.push({ at: ms(m.at), node: t.rec.target, cluster: t.rec.cluster, kind, fault: t.rec.kind, text: kind === "fault" ? "fault: " + t.rec.kind : "the fault is undone" });
  }
  const heard = new Map();
  for (const w of t.rec.wire || []) {
    if (w.kind !== "garp" || heard.get(w.vip) === w.mac) continue;
    const first = !heard.has(w.vip);
    heard.set(w.vip, w.mac);
    const node = t.rec.nodes.find((n) => n.mac === w.mac);
    if (!first) list.push({ at: ms(w.at), node: node && node.name, cluster: node && node.cluster, kind: "arp", text: `gratuitous ARP: VIP ${w.vip} is at ${w.mac}` });
  }
  return list.sort((a, b) => a.at - b.at);
}

// stateOfTarget is what became of the node that was hit. A node that crashed says
// nothing of it: it is down from the fault until it starts again.
function stateOfTarget(t, at) {
  const e = t.rec.effect || {};
  if (e.on !== "node" || at < t.fault) return "running";
  if (e.silent) return t.restored !== undefined && at >= t.restored ? "running" : "paused";
  return t.events.some((x) => x.node === t.rec.target && x.event === "started" && x.at > t.fault && x.at <= at) ? "running" : "exited";
}

// stateAt is the lab as its nodes had told it, in the form of `halab status`.
export function stateAt(t, at) {
  const told = { ...t.rec.states };
  for (const e of t.events) if (e.at <= at) told[e.node] = e.state;
  const clusters = new Map(), faults = [];
  const asked = t.rec.streams.map((s) => new URL(s.url).hostname);
  for (const v of t.rec.vips) clusters.set(v.cluster, { asked: asked.includes(v.address), name: v.cluster, vip: { name: v.address, address: "", holders: [] }, nodes: [] });
  for (const n of t.rec.nodes) {
    const s = told[n.name] || {}, c = clusters.get(n.cluster);
    if (!c) continue;
    const state = n.name === t.rec.target ? stateOfTarget(t, at) : "running";
    const is = (part) => (state === "exited" || s[part] === "gone" ? "exited" : "running");
    c.nodes.push({ name: n.name, address: n.address, state, vrrp: s.vrrp || "", link: s.link, haproxy: s.haproxy, keepalived: s.keepalived,
      services: { app: is("app"), haproxy: is("haproxy"), keepalived: is("keepalived") }, servers: s.haproxy === "up" && s.servers || {} });
    if (state !== "exited" && (s.vips || []).includes(c.vip.name)) c.vip.holders.push(n.name);
    for (const f of s.faults || []) faults.push({ node: n.name, service: f.service || "node", fault: [f.fault, ...(f.words || [])].join(" "), id: f.id });
    if (state !== "running") faults.push({ node: n.name, service: "node", fault: state });
  }
  return [{ lab: t.rec.cluster, base: "", profile: "", ready: faults.length === 0, client: "running", clusters: [...clusters.values()] }, faults];
}
