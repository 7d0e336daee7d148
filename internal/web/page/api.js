// What the page asks the server, and what it is told.

import { model, tell, learn, probed, clock } from "./model.js";

// get asks for JSON.
export const get = (path) => ask(path, {});

// post has something done; the header is what another page can't send.
export const post = (path, body) => ask(path, {
  method: "POST", body: JSON.stringify(body),
  headers: { "Content-Type": "application/json", "X-Halab": "1" },
});

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("halab does not answer: is halab ui still running?");
  }
  const text = await answer.text();
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(text.trim() || "halab answered " + answer.status);
  }
  if (!answer.ok) throw new Error(value.error || "halab answered " + answer.status);
  return value;
}

// refused asks why there is no stream: halab ui was started anew and has another key,
// for instance. A plain question is answered in words, a stream is not.
async function refused() {
  try {
    await get("/api/about");
  } catch (e) {
    model.why = e.message;
    tell("link");
  }
  setTimeout(follow, againAfter);
}

const againAfter = 1500; // ms

// follow listens to the lab, for as long as the page is open.
export function follow() {
  const source = new EventSource("/api/events?samples");
  const take = (name, f) => source.addEventListener(name, (e) => f(JSON.parse(e.data)));
  source.onopen = () => { model.connected = true; tell("link"); };
  take("state", (d) => {
    model.state = d.state;
    model.faults = d.faults;
    model.why = "";
    tell("state");
  });
  take("news", learn);
  take("samples", (d) => { clock.heard(d.now); probed(d.samples); });
  take("again", () => { model.news.unshift({ at: clock.now(), kind: "lab", text: "the page was not connected; what happened meanwhile is not in this list" }); tell("news"); });
  let ended = "";
  take("ended", (d) => { ended = d.error; });
  source.onerror = () => {
    // The browser itself tries again, unless the server has refused.
    model.connected = false;
    model.why = ended || "halab does not answer";
    ended = "";
    tell("link");
    if (source.readyState === EventSource.CLOSED) refused();
  };
}
