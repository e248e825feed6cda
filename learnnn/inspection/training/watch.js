// Layers over training: how their outputs spread, the gradient by depth, the size of the updates, what is wrong.
const ROW = 44, HEAD = 24, FOOT = 26, MEAN = 0, STD = 1, ZERO = 2, SATURATED = 3, DEAD = 4, UNITS = 5, FLOW = 6, NORM = 7, RATIO = 8;
const KNOWN = { outputs: "outputs", flows: "gradients" };

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title), layers = v.state.layers, many = layers.length;
  let now = unpack(v.state), at = now.steps.length - 1, chosen = 0, what = "outputs", follow = true;

  const value = (i, k, moment = at) => now.numbers[(i * now.steps.length + moment) * 9 + k];
  const column = (i, k) => now.steps.map((_, m) => value(i, k, m));
  const here = () => (now.steps.length ? now.steps[at] : 0);

  // ------------------------------------------------------------------------------------------------- drawing
  const tall = HEAD + ROW * many + FOOT, rowOf = (t) => (t - HEAD - FOOT) / many; // rows are lower on a narrow page
  const nothing = (pen, c) => (pen.fillStyle = c.muted, pen.fillText("nothing recorded yet", 8, HEAD + 20));
  const across = (w) => (m) => 8 + ((w - 16) * (m + 0.5)) / now.steps.length;

  function rows(pen, w, t, c) {
    pen.textAlign = "left";
    pen.fillStyle = c.ink;
    pen.fillText(KNOWN[what] + " over training", 8, 14);
    if (!now.steps.length) return nothing(pen, c);
    layers.forEach((layer, i) => {
      const found = now[what][i], y = HEAD + rowOf(t) * i, bins = found.cells.shape[1], box = { x: 8, y: y + 16, w: w - 16, h: rowOf(t) - 21 };
      pen.fillStyle = i === chosen ? c.ink : c.muted;
      pen.font = pen.font.replace(/^(600 )?/, i === chosen ? "600 " : "");
      pen.fillText(`${layer.name}${flagged(i) ? " ⚠" : ""}`, 8, y + 11, w * 0.6);
      pen.font = pen.font.replace("600 ", "");
      pen.textAlign = "right";
      pen.fillText(found.lo === found.hi ? "none" : `${number(found.lo, 2)} … ${number(found.hi, 2)}`, w - 8, y + 11);
      pen.textAlign = "left";
      heat(pen, turned(found.cells, now.steps.length, bins), bins, now.steps.length, box, (q) => c.sequential(q / 255), { up: true });
      pen.strokeStyle = i === chosen ? c["input-edge"] : c.edge;
      pen.lineWidth = i === chosen ? 2 : 1;
      pen.strokeRect(box.x, box.y, box.w, box.h);
    });
    const x = across(w)(at);
    stroke(pen, [[x, HEAD + 14], [x, t - FOOT]], c.wrong, 1.6);
    pen.fillStyle = c.muted;
    pen.fillText(`step ${now.steps[0]}`, 8, t - 8);
    pen.textAlign = "right";
    pen.fillText(String(now.steps.at(-1)), w - 8, t - 8);
  }

  function bars(pen, w, t, c) {
    pen.fillStyle = c.ink;
    pen.fillText("rms of the gradient in the outputs, by depth", 8, 14);
    const all = layers.flatMap((_, i) => column(i, FLOW)).filter((q) => q > 0).map(Math.log10);
    if (!all.length) return (pen.fillStyle = c.muted, pen.fillText("no gradients were seen", 8, HEAD + 20));
    const lo = Math.floor(Math.min(...all) - 0.2), hi = Math.ceil(Math.max(...all)), X = (q) => 8 + ((w - 80) * (Math.log10(q) - lo)) / (hi - lo || 1);
    layers.forEach((layer, i) => {
      const flow = value(i, FLOW), y = HEAD + rowOf(t) * i + 16;
      if (Number.isNaN(flow)) return;
      pen.fillStyle = i === chosen ? c["input-edge"] : c.line;
      pen.fillRect(8, y, flow > 0 ? Math.max(2, X(flow) - 8) : 1, rowOf(t) - 21);
      pen.fillStyle = c.ink;
      pen.fillText(number(flow, 2), (flow > 0 ? X(flow) : 8) + 6, y + rowOf(t) / 2 - 6);
    });
    pen.fillStyle = c.muted;
    pen.fillText(`logarithmic, from ${number(10 ** lo, 1)}`, 8, t - 8);
  }

  function updates(pen, w, t, c) {
    const lines = layers.map((_, i) => column(i, RATIO)), all = lines.flat().filter((q) => q > 0);
    const box = { x: 56, y: 24, w: w - 70, h: t - 62 }, first = now.steps[0] ?? 0, last = Math.max(now.steps.at(-1) ?? 1, first + 1);
    const span = [Math.min(1e-5, ...all.map((q) => q / 1.5)), Math.max(1e-1, ...all.map((q) => q * 1.5))];
    const { Y } = axes(pen, box, [first, last], span, c, { log: "y", bare: true });
    pen.fillStyle = c.parameter;
    pen.fillRect(box.x, Y(1e-2), box.w, Y(1e-4) - Y(1e-2));
    const plot = axes(pen, box, [first, last], span, c, { log: "y", xlabel: "step", title: "update / weight (rms)" });
    pen.fillStyle = c["parameter-edge"];
    pen.fillText("healthy", box.x + 6, Y(1e-4) - 5);
    const order = layers.map((_, i) => i).sort((a, b) => (a === chosen) - (b === chosen));
    for (const i of order) {
      const points = now.steps.map((s, m) => [plot.X(s), lines[i][m] > 0 ? plot.Y(lines[i][m]) : NaN]);
      stroke(pen, points, i === chosen ? c["input-edge"] : c.line, i === chosen ? 2.4 : 1);
      if (points.length === 1 && points[0][1]) mark(pen, 0, ...points[0], 3, c["input-edge"], c.paper);
    }
    if (now.steps.length) stroke(pen, [[plot.X(here()), box.y], [plot.X(here()), box.y + box.h]], c.wrong, 1.6);
    if (!all.length) (pen.fillStyle = c.muted, pen.fillText("no updates were seen", box.x + 8, box.y + 18));
  }

  function histogram(pen, w, t, c) {
    const found = now[what][chosen], bins = found.cells.shape[1], box = { x: 30, y: 24, w: w - 46, h: t - 62 };
    const plot = axes(pen, box, [found.lo, found.hi === found.lo ? found.lo + 1 : found.hi], [0, 1], c,
      { title: `${KNOWN[what]} of ${layers[chosen].name}, step ${here()}`, xlabel: "value", grid: false, bare: true });
    pen.fillStyle = c["input-edge"];
    for (let b = 0; b < bins && now.steps.length; b++) {
      const high = (found.cells[at * bins + b] / 255) ** 2 * box.h * 0.95;
      pen.fillRect(box.x + (box.w * b) / bins + 0.5, box.y + box.h - high, box.w / bins - 1, high);
    }
    pen.fillStyle = c.muted;
    pen.fillText(number(found.lo, 2), box.x, box.y + box.h + 15);
    pen.textAlign = "right";
    pen.fillText(number(found.hi, 2), box.x + box.w, box.y + box.h + 15);
    pen.textAlign = "left";
    if (found.lo < 0 && found.hi > 0) stroke(pen, [[plot.X(0), box.y], [plot.X(0), box.y + box.h]], c.line, 1, [3, 3]);
  }

  // ------------------------------------------------------------------------------------------------ controls
  const flagged = (i) => now.flags.some((flag) => flag.layer === i);
  const pick = (i) => (chosen = i, layerChoice.set(i), tell(), v.soon());
  const layerChoice = choice("layer", layers.map((layer, i) => [i, layer.name]), 0, pick);
  const whatChoice = choice("show", Object.entries(KNOWN), "outputs", (w) => (what = w, tell(), v.soon()));
  const bar = playbar(v, { length: Math.max(1, now.steps.length), at: Math.max(at, 0), fps: 20, name: "step",
    label: (m) => `step ${now.steps[m] ?? 0}`, go: (m) => (at = m, follow = m === now.steps.length - 1, tell()) });
  const told = h("ul", { class: "ln-flags" });
  const node = (width, height, label, draw, props = {}) =>
    h("div", { style: "flex:1 1 260px;max-width:340px" }, canvas(v, { width, height, label, draw, ...props }));
  const picture = node(340, tall, "outputs or gradients of each layer over training", rows);
  v.add(row(layerChoice, whatChoice), bar, columns(picture, node(340, tall, "rms of the gradient in each layer's outputs", bars),
    h("div", { style: "flex:1 1 260px;max-width:340px" }, node(340, 220, "update to weight ratio over the steps", updates),
      node(340, 220, "how the values of the layer are spread", histogram))), told);
  pointer(picture.firstChild, {
    down: (x, y) => { place(x, y, true); return true; },
    move: (x, y) => place(x, y, false),
  });

  function place(x, y, choose) {
    const box = picture.firstChild.getBoundingClientRect(), i = Math.floor((y - HEAD) / rowOf(box.height));
    if (choose && i >= 0 && i < many) pick(i);
    if (now.steps.length) (bar.pause(), bar.show(Math.floor(((x - 8) / (box.width - 16)) * now.steps.length)));
  }

  function tell() {
    if (!now.steps.length) return v.say("Nothing is recorded yet: train, and it shows here.");
    const q = (k) => value(chosen, k), has = (k) => !Number.isNaN(q(k));
    v.say([`step ${here()} · ${layers[chosen].name}`, has(MEAN) && `outputs ${number(q(MEAN), 3)} ± ${number(q(STD), 3)}`,
      q(ZERO) > 0 && `${Math.round(100 * q(ZERO))} % zero`, q(DEAD) > 0 && `${q(DEAD)} of ${q(UNITS)} units dead`,
      has(SATURATED) && `${Math.round(100 * q(SATURATED))} % saturated`, has(FLOW) && `gradient rms ${number(q(FLOW), 3)}`,
      has(NORM) && `norm in the parameters ${number(q(NORM), 3)}`, has(RATIO) && `update/weight ${number(q(RATIO), 3)}`].filter(Boolean).join(" · "));
  }

  function warn() {
    const lines = now.flags.map((flag) => h("li", {}, button("⚠ " + layers[flag.layer].name.replace(/^layer /, ""), () => pick(flag.layer), { "aria-label": `show ${layers[flag.layer].name}` }), " " + flag.words));
    told.replaceChildren(...(lines.length ? lines : now.steps.length ? [h("li", {}, "✓ Nothing looks wrong.")] : []));
  }

  const nearest = (step) => now.steps.reduce((best, s, m) => (Math.abs(s - step) < Math.abs(now.steps[best] - step) ? m : best), 0);
  v.frames((frame) => {
    if (!frame.steps) return now.steps.length && bar.show(nearest(frame.at));
    const to = follow ? Infinity : here(); // whoever looks at an earlier step stays there
    now = unpack(frame);
    bar.resize(Math.max(1, now.steps.length));
    bar.show(to === Infinity ? now.steps.length - 1 : nearest(to));
    warn();
  });
  bar.show(at);
  warn();
  return v.stop;
}

function unpack(frame) {
  const heats = (list) => list.map((found) => ({ ...found, cells: array(found.cells) }));
  return { ...frame, numbers: array(frame.numbers), outputs: heats(frame.outputs), flows: heats(frame.flows) };
}

// (moments, bins) -> (bins, moments)
function turned(cells, moments, bins) {
  const out = new Uint8Array(cells.length);
  for (let m = 0; m < moments; m++) for (let b = 0; b < bins; b++) out[b * moments + m] = cells[m * bins + b];
  return out;
}
