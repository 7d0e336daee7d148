// Which time is shown: the last seconds, or a stretch that somebody looks at.

const shortest = 500, longest = 600000, usual = 60000; // ms

export class View {
  constructor() {
    this.span = usual;
    this.end = undefined; // a moment; undefined: now
    this.marked = undefined;
    this.now = 0;
  }

  get live() { return this.end === undefined; }

  range(now) {
    this.now = now;
    const end = this.live ? now : this.end;
    return [end - this.span, end];
  }

  toggle() {
    this.end = this.live ? this.now : undefined;
    if (this.live) {
      this.marked = undefined;
      this.span = Math.max(this.span, 10000);
    }
  }

  // zoom shows factor times as much, around a share of the width.
  zoom(factor, around = this.live ? 1 : 0.5) {
    const span = Math.min(longest, Math.max(shortest, this.span * factor));
    if (!this.live) this.end += (span - this.span) * (1 - around);
    this.span = span;
  }

  // move goes to another time; at the present it lives again.
  move(ms) {
    const end = (this.live ? this.now : this.end) + ms;
    this.end = end >= this.now ? undefined : end;
  }

  // look shows two seconds around a moment.
  look(at) {
    this.span = Math.min(this.span, 2000);
    this.end = at + this.span * 0.6;
    this.marked = at;
  }

  listen(canvas, changed) {
    canvas.addEventListener("wheel", (e) => {
      e.preventDefault();
      this.zoom(Math.exp(Math.sign(e.deltaY) * 0.2), e.offsetX / canvas.clientWidth);
      changed();
    }, { passive: false });
    let from = null;
    canvas.addEventListener("pointerdown", (e) => { from = e.clientX; canvas.setPointerCapture(e.pointerId); });
    canvas.addEventListener("pointermove", (e) => {
      if (from === null || e.clientX === from) return;
      this.move((from - e.clientX) / canvas.clientWidth * this.span);
      from = e.clientX;
      changed();
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { from = null; });
    canvas.addEventListener("keydown", (e) => {
      const step = { ArrowLeft: -0.2, ArrowRight: 0.2 }[e.key];
      if (!step) return;
      e.preventDefault();
      this.move(step * this.span);
      changed();
    });
  }
}
