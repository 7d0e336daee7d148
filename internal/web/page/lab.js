// The picture of the lab: the client, and each cluster with its nodes. A VIP is a
// chip on the node that has it on its interface, and moves when it moves.

import { model, colourOf, clock } from "./model.js";
import { el, svg, byId, plain } from "./dom.js";
import { openBreak, restore, switchVIP } from "./breaking.js";

let root, wires, chips, cards = new Map(), shape = "";

export function drawLab() {
  root ||= byId("lab");
  const st = model.state;
  if (!st) return;
  for (const c of st.clusters) for (const n of c.nodes) colourOf(n.name);
  const now = JSON.stringify(st.clusters.map((c) => [c.name, c.vip.name, c.vip.address, c.upstream, c.nodes.map((n) => [n.name, n.address])]));
  if (now !== shape) {
    shape = now;
    build(st);
  }
  for (const c of st.clusters) update(c);
  const client = cards.get("client");
  if (client) client.querySelector(".word").textContent = plain(st.client === "running" ? "asks the VIP in front" : st.client);
  place();
}

// build makes everything anew: the lab has other parts than before.
function build(st) {
  cards = new Map();
  chips = new Map();
  wires = svg("svg", { class: "wires", "aria-hidden": "true" });
  root.replaceChildren(wires);
  if (st.clusters.length === 0) {
    root.append(el("p", { class: "empty" }, "There is no lab here yet. ", el("code", {}, "halab up"), " brings it up."));
    return;
  }
  const client = el("div", { class: "client" }, el("b", {}, "client"), el("span", { class: "word" }));
  cards.set("client", client);
  root.append(client);
  for (const c of st.clusters) root.append(cluster(c));
  sizes.disconnect();
  for (const part of [document.body, root]) sizes.observe(part);
  for (const part of root.children) sizes.observe(part);
}

function cluster(c) {
  const nodes = el("div", { class: "nodes" }, c.nodes.map((n) => card(c, n)));
  const box = el("section", { class: "cluster", "aria-label": "Cluster " + plain(c.name) },
    el("header", {}, el("h2", {}, c.name), el("span", { class: "holding" }),
      el("button", { type: "button", class: "small acting", title: "Move the VIP to the next node, gently", "aria-label": "Switch the VIP of " + plain(c.name), onclick: () => switchVIP(c.name) }, "Switch")),
    nodes);
  cards.set("cluster " + c.name, box);
  return box;
}

function card(c, n) {
  const e = el("article", { class: "node c" + colourOf(n.name), "data-node": n.name },
    el("div", { class: "slot" }),
    el("div", { class: "head" },
      el("button", { type: "button", class: "name acting-too", "aria-haspopup": "dialog", title: "Break something here", onclick: () => openBreak(n.name) }, n.name),
      el("span", { class: "vrrp" })),
    el("p", { class: "address" }, n.address),
    el("ul", { class: "services" }),
    el("p", { class: "servers" }),
    el("ul", { class: "faults" }));
  cards.set(n.name, e);
  return e;
}

const marks = { up: "●", down: "✕", hung: "❚❚" };

// serviceState is what a node's service is for an operator.
function serviceState(n, service) {
  const container = n.services[service];
  if (n.state !== "running" && n.state !== "paused") return ["down", "down"];
  if (container === "paused" || n.state === "paused") return ["hung", "frozen"];
  if (container !== "running") return ["down", container === "exited" ? "down" : container];
  if (service === "haproxy" && n.haproxy === "gone" || service === "keepalived" && n.keepalived === "gone") return ["down", "gone"];
  if (service === "haproxy" && n.haproxy === "hung") return ["hung", "hung"];
  return ["up", "up"];
}

function update(c) {
  const holders = c.vip.holders;
  const box = cards.get("cluster " + c.name);
  box.classList.toggle("split", holders.length > 1);
  box.classList.toggle("orphan", holders.length === 0);
  const text = holders.length === 1 ? "" : holders.length === 0 ? "nobody holds the VIP" : holders.length + " nodes hold the VIP";
  const holding = box.querySelector(".holding");
  if (holding.textContent !== text) holding.textContent = text;
  for (const n of c.nodes) updateNode(c, n);
}

function updateNode(c, n) {
  const e = cards.get(n.name);
  const alive = n.state === "running";
  e.classList.toggle("dead", n.state !== "running" && n.state !== "paused");
  e.classList.toggle("frozen", n.state === "paused");
  e.classList.toggle("holds", c.vip.holders.includes(n.name));
  const vrrp = e.querySelector(".vrrp");
  const word = n.state === "paused" ? "frozen" : !alive ? (n.state === "exited" ? "down" : n.state) : n.vrrp || "no VRRP";
  vrrp.textContent = plain(word);
  vrrp.className = "vrrp " + ({ MASTER: "master", BACKUP: "backup" }[word] || "bad");
  vrrp.title = n.reason ? plain(n.reason) : "";
  e.querySelector(".services").replaceChildren(...model.about.services.filter((s) => s !== "node").map((s) => {
    const [kind, says] = serviceState(n, s);
    return el("li", {}, el("button", { type: "button", class: "service acting-too " + kind, "aria-label": `${s} on ${plain(n.name)}: ${says}`, onclick: () => openBreak(n.name, s) },
      el("i", { "aria-hidden": "true" }, marks[kind]), el("span", {}, s), kind === "up" ? null : el("em", {}, says)));
  }));
  const all = Object.values(n.servers), up = all.filter((s) => s.startsWith("UP") || s === "no check").length;
  const servers = e.querySelector(".servers");
  servers.textContent = n.slow ? plain(n.slow) : n.link === "down" ? "link down" : all.length ? `${up} of ${all.length} servers up` : "servers not known";
  servers.classList.toggle("bad", n.link === "down" || all.length > 0 && up < all.length || !!n.slow);
  updateFaults(e, n);
}

function updateFaults(e, n) {
  const list = model.faults.filter((f) => f.node === n.name && f.id);
  e.querySelector(".faults").replaceChildren(...list.map((f) => el("li", { "data-until": f.until ? Date.parse(f.until) : null },
    el("span", {}, (f.service !== "node" ? f.service + " " : "") + f.fault), el("time", {}), undoing(f))));
  remaining();
}

function undoing(f) {
  if (model.about.read_only || model.about.replay) return null;
  const name = f.fault.split(" ");
  const words = name[0] === "link" || name[0] === "drop" ? name.slice(0, 2) : name.slice(0, 1);
  return el("button", { type: "button", "aria-label": `Undo ${plain(f.fault)} on ${plain(f.node)}`, title: "Undo", onclick: () => restore(f.node, words) }, "×");
}

// remaining counts the faults' time down.
function remaining() {
  for (const li of document.querySelectorAll(".faults li[data-until]")) {
    const left = Math.max(0, Number(li.dataset.until) - clock.now());
    li.querySelector("time").textContent = " " + Math.ceil(left / 1000) + " s";
  }
}
setInterval(remaining, 500);

// place puts the chips of the VIPs where they belong, and draws the wires.
function place() {
  if (!wires || !model.state) return;
  const box = root.getBoundingClientRect();
  const at = { left: box.left + root.clientLeft - root.scrollLeft, top: box.top + root.clientTop - root.scrollTop };
  const paths = [];
  const seen = new Set();
  for (const c of model.state.clusters) {
    const slots = c.vip.holders.length ? c.vip.holders : [""];
    slots.forEach((holder, i) => {
      const id = c.name + " " + i;
      seen.add(id);
      let chip = chips.get(id);
      if (!chip) {
        chip = el("div", { class: "chip" }, el("b", {}, c.vip.name), el("span", {}, c.vip.address));
        chips.set(id, chip);
        root.append(chip);
      }
      const target = holder ? cards.get(holder).querySelector(".slot") : cards.get("cluster " + c.name).querySelector(".holding");
      const r = target.getBoundingClientRect();
      chip.className = "chip" + (slots.length > 1 ? " two" : "") + (holder ? " c" + colourOf(holder) : " none") + (holder && r.width < 200 ? " narrow" : "");
      chip.style.width = holder ? r.width + "px" : "";
      chip.style.transform = `translate(${r.left - at.left}px, ${r.top - at.top}px)`;
      chip.setAttribute("aria-label", `VIP ${plain(c.vip.name)} ${plain(c.vip.address)}: ${holder ? "on " + plain(holder) : "held by nobody"}`);
      if (holder) paths.push(...wiresTo(c, r, at));
    });
  }
  for (const [id, chip] of chips) if (!seen.has(id)) { chip.remove(); chips.delete(id); }
  wires.replaceChildren(...paths);
}

// wiresTo draws who asks a VIP: the client, or the nodes of the tier in front.
function wiresTo(c, r, at) {
  const askers = model.state.clusters.filter((o) => o.upstream && o.upstream.includes("//" + c.vip.address));
  const from = askers.length ? askers.flatMap((o) => o.nodes.map((n) => [n.name, n.state === "running"])) : c.asked === false ? [] : [["client", model.state.client === "running"]];
  const x2 = r.left - at.left + r.width / 2, y2 = r.top - at.top;
  return from.map(([name, alive]) => {
    const f = cards.get(name).getBoundingClientRect();
    const x1 = f.left - at.left + f.width / 2, y1 = f.bottom - at.top, mid = (y1 + y2) / 2;
    return svg("path", { class: alive ? "wire" : "wire cut", d: `M${x1} ${y1}C${x1} ${mid} ${x2} ${mid} ${x2} ${y2}` });
  });
}

// What moves the slots, a card that grows or another width, moves the chips.
const sizes = new ResizeObserver(place);
sizes.observe(document.body);
