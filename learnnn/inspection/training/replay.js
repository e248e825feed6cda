// One scrubber for several pictures. PARTS are their render functions; each gets a page of its own, and its frames.
function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title);
  let now = v.state, frames = null, what = Object.keys(now.numbers).find((name) => name.includes("loss")) ?? Object.keys(now.numbers)[0];
  const pages = PARTS.map((_, i) => pageModel(v.state.states[i])), stages = PARTS.map(() => h("div", { class: "ln-part" }));
  const words = (i) => [`step ${now.steps[i]}`, ...Object.entries(now.numbers).filter(([, values]) => values[i] !== null).map(([name, values]) => `${name} ${number(values[i])}`)].join(" · ");
  const bar = playbar(v, { length: now.steps.length, at: now.steps.length - 1, fps: 10, name: "moment of training", label: (i) => `step ${now.steps[i]}`, go });

  function go(i) {
    if (frames) pages.forEach((page, k) => page.set("frame", frames[i][k]));
    v.say(frames ? words(i) : "unpacking …");
  }

  // The number that was recorded, over the steps: click or drag to go there.
  function curve(pen, w, t, c) {
    const values = now.numbers[what], known = values.filter((q) => q !== null), lo = Math.min(...known), hi = Math.max(...known), pad = 0.08 * (hi - lo) || 0.5;
    const plot = axes(pen, { x: 54, y: 22, w: w - 66, h: t - 58 }, [now.steps[0], now.steps.at(-1)], [lo - pad, hi + pad], c, { title: what, xlabel: "step" });
    stroke(pen, now.steps.map((s, i) => [plot.X(s), values[i] === null ? NaN : plot.Y(values[i])]), c["input-edge"], 2);
    stroke(pen, [[plot.X(now.steps[bar.at]), 22], [plot.X(now.steps[bar.at]), t - 36]], c.wrong, 1.6);
    if (values[bar.at] !== null) mark(pen, 0, plot.X(now.steps[bar.at]), plot.Y(values[bar.at]), 4.5, c.wrong, c.paper);
  }
  function place(x) {
    const w = plotted.getBoundingClientRect().width, span = now.steps.at(-1) - now.steps[0];
    const step = now.steps[0] + ((x - 54) / (w - 66)) * span;
    bar.pause();
    bar.show(now.steps.reduce((best, s, i) => (Math.abs(s - step) < Math.abs(now.steps[best] - step) ? i : best), 0));
  }

  v.add(bar);
  let plotted = null;
  if (what) {
    plotted = canvas(v, { width: 480, height: 160, label: `${what} over the steps`, draw: curve, class: "ln-curve" });
    pointer(plotted, { down: (x) => (place(x), true), move: place });
    if (Object.keys(now.numbers).length > 1) v.add(row(choice("curve", Object.keys(now.numbers), what, (name) => (what = name, v.soon()))));
    v.add(plotted);
  }
  v.add(h("div", { class: "ln-parts" }, ...stages));
  const stops = PARTS.map((play, i) => play({ model: pages[i], el: stages[i] }));

  const open = async (packed) => {
    const stream = new Blob([array(packed)]).stream().pipeThrough(new DecompressionStream("gzip"));
    frames = await new Response(stream).json();
    v.root.dataset.ready = "yes";
    bar.resize(now.steps.length);
    bar.show(now.steps.length - 1);
  };
  v.frames((frame) => (now = { ...now, ...frame }, frames = null, open(now.frames)));
  bar.show(now.steps.length - 1);
  open(now.frames);
  return () => (bar.pause(), stops.forEach((stop) => stop?.()), v.stop());
}
