// Elements. Whatever comes from the lab gets into the page as text, by here alone:
// nothing in this page takes markup.

const SVG = "http://www.w3.org/2000/svg";

// el makes an element: el("p", {class: "quiet", onclick: f}, "text", child …).
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

// svg makes an element of a drawing.
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(e, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false)
    .map((c) => (c instanceof Node ? c : plain(c))));
  return e;
}

// plain makes visible what would change how other text is shown: control characters
// and marks of direction. A container may be called anything.
export function plain(text) {
  return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => (c === "\n" ? c : "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0")));
}

export const byId = (id) => document.getElementById(id);

// show sets a text only where it differs, so that a screen reader hears news alone.
export function show(e, text) {
  const words = plain(text);
  if (e.textContent !== words) e.textContent = words;
}

// toast tells what came of something that was asked for. What failed stays until it is
// clicked away.
export function toast(text, bad = false) {
  const box = byId("toasts");
  const e = el("div", { class: bad ? "toast bad" : "toast" }, el("span", {}, text),
    el("button", { type: "button", "aria-label": "Close this message", onclick: () => e.remove() }, "×"));
  box.append(e);
  while (box.children.length > 4) box.firstChild.remove();
  if (!bad) setTimeout(() => e.remove(), 7000);
}

// figure writes milliseconds for people.
export function figure(ms) {
  if (ms >= 10000) return (ms / 1000).toFixed(1) + " s";
  if (ms >= 100 || ms === 0) return ms.toFixed(0) + " ms";
  return ms.toFixed(1) + " ms";
}

export const calm = matchMedia("(prefers-reduced-motion: reduce)");
