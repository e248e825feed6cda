// The playground: python trains and answers for the plane; here it is drawn, and every dial and click is told to python.
// Without a kernel the recording of a training is played, and the dials rest.

const RATES = [0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const PENALTIES = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const FEATURES = [["x1", "x₁"], ["x2", "x₂"], ["x1**2", "x₁²"], ["x2**2", "x₂²"], ["x1*x2", "x₁x₂"], ["sin(x1)", "sin x₁"], ["sin(x2)", "sin x₂"]];
const PACES = [["step", "a step a frame"], ["epoch", "an epoch a frame"], ["fast", "as fast as it goes"]];
const NET = { width: 700, height: 430 }, SIDE = 330, BUDGET = 0.012; // seconds of training between two frames

const unpacked = (packed) => Object.fromEntries(Object.entries(packed).map(([key, value]) => [key, value?.dtype ? array(value) : value]));

// ---------------------------------------------------------------------------------------------------- asking python
// ask(event, then): `then(answer)` when python has answered. A problem is said, and `then` is told of it too.
function asking(v, problem) {
  const me = Math.random().toString(36).slice(2), waiting = new Map();
  let count = 0, late = 0;
  const watch = () => {
    clearTimeout(late);
    if (waiting.size) late = setTimeout(() => v.say("Python does not answer: it may be busy with another cell, or have ended."), 8000);
  };
  v.frames((frame) => {
    const then = waiting.get(frame.asked);
    waiting.delete(frame.asked);
    watch();
    if (then && frame.problem) problem(frame.problem);
    then?.(frame);
  });
  return (event, then = () => {}) => {
    const asked = `${me}-${++count}`;
    waiting.set(asked, then);
    watch();
    v.send({ ...event, asked });
  };
}

// ---------------------------------------------------------------------------------------------------- colours
// Tables of 256 colours as 32-bit pixels: for a unit's byte, and for how sure a plane is of each class.
function pixels(c, classes) {
  const pack = ([r, g, b]) => (255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r);
  const table = (colour) => Int32Array.from({ length: 256 }, (_, i) => pack(colour(i)));
  const paper = rgb(c.paper), mixed = (hue, part) => paper.map((p, i) => p + part * (rgb(hue)[i] - p));
  const sure = (k) => (i) => classes.length === 2 ? c.diverging((k ? 0.6 : -0.6) * (i / 255)) : mixed(classes[k], 0.06 + 0.55 * (i / 255));
  return { unit: table((i) => c.diverging((i - 128) / 127)), sure: classes.map((_, k) => table(sure(k))), paper: pack(paper) };
}

// The colour of each class; of two, the second has the blue of positive numbers, which its score is.
const classColours = (n) => (n === 2 ? [CLASSES[1], CLASSES[0]] : CLASSES.slice(0, n));

// A sheet that is kept: fill(out, i) gives row after row, the lowest first.
function sheet() {
  let canvas = null, image = null, words = null;
  return (width, height, fill) => {
    if (image?.width !== width || image?.height !== height) {
      canvas = new OffscreenCanvas(width, height);
      image = new ImageData(width, height);
      words = new Int32Array(image.data.buffer);
    }
    fill(words);
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  };
}

// Pictures (n, r, r) of bytes as one column of pixels, each upright.
function unitSheet(draw, pictures, table) {
  const [n, r] = pictures.shape;
  return n ? draw(r, n * r, (words) => {
    for (let u = 0; u < n; u++)
      for (let y = 0; y < r; y++)
        for (let x = 0, to = (u * r + r - 1 - y) * r, from = (u * r + y) * r; x < r; x++) words[to + x] = table[pictures[from + x]];
  }) : null;
}

function planeSheet(draw, plane, tables) {
  const r = plane.shape[0];
  return draw(r, r, (words) => {
    for (let y = 0; y < r; y++)
      for (let x = 0; x < r; x++) {
        const from = 3 * (y * r + x), table = tables.sure[plane[from]];
        words[(r - 1 - y) * r + x] = table ? table[plane[from + 1]] : tables.paper;
      }
  });
}

// ---------------------------------------------------------------------------------------------------- the network
// Where units stand, as drawing.py has it: rows of centres, and the side of a picture.
function unitPlaces(sizes, w, t) {
  const left = 52, width = w - left - 8, side = Math.min(46, t / Math.max(...sizes) - 8, width / sizes.length - 22);
  const step = (width - side) / Math.max(sizes.length - 1, 1), gap = Math.min(side + 26, t / Math.max(...sizes));
  return { side, rows: sizes.map((n, i) => Array.from({ length: n }, (_, k) => [left + side / 2 + step * i, t / 2 + gap * (k - (n - 1) / 2)])) };
}

// Every number of the network in the order in which python sends them: {layer, unit, source}, source null for a bias.
function everyLink(sizes) {
  const found = [];
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    for (let unit = 0; unit < sizes[layer + 1]; unit++)
      for (let source = 0; source < sizes[layer]; source++) found.push({ layer, unit, source });
    for (let unit = 0; unit < sizes[layer + 1]; unit++) found.push({ layer, unit, source: null });
  }
  return found;
}

const linkEnds = ({ rows, side }, { layer, unit, source }) => {
  const [x0, y0] = rows[layer][source], [x1, y1] = rows[layer + 1][unit];
  return [x0 + side / 2, y0, x1 - side / 2, y1];
};
const biasSpot = ({ rows, side }, { layer, unit }) => [rows[layer + 1][unit][0] - side / 2, rows[layer + 1][unit][1] + side / 2];

function drawNetwork(pen, S, at, links, c, tables, sheets, chosen) {
  const width = (value) => Math.min(0.4 + 2.4 * Math.abs(value), 7), hue = (value) => (value > 0 ? c["input-edge"] : c.wrong);
  const curve = (link) => {
    const [x0, y0, x1, y1] = linkEnds(at, link), middle = (x0 + x1) / 2;
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.bezierCurveTo(middle, y0, middle, y1, x1, y1);
  };
  links.forEach((link, i) => {
    if (link.source === null) return;
    const value = S.weights[i] || 0;
    curve(link);
    pen.setLineDash(value < 0 ? [5, 3] : []);
    pen.strokeStyle = hue(value);
    pen.lineWidth = width(value);
    pen.stroke();
  });
  pen.setLineDash([]);
  const inputs = unitSheet(sheets.inputs, S.features, tables.unit), units = unitSheet(sheets.units, S.units, tables.unit);
  let u = 0;
  at.rows.forEach((row, i) => row.forEach(([x, y], k) => {
    const [from, n, r] = i ? [units, u++, S.units.shape[1]] : [inputs, k, S.features.shape[1]], half = at.side / 2;
    pen.drawImage(from, 0, n * r, r, r, x - half, y - half, at.side, at.side);
    pen.strokeStyle = c.edge;
    pen.lineWidth = 1;
    pen.strokeRect(x - half, y - half, at.side, at.side);
    if (!i) (pen.fillStyle = c.ink, pen.textAlign = "right", pen.fillText(S.inputs[k], x - half - 6, y + 4));
  }));
  links.forEach((link, i) => {
    if (link.source !== null || !S.biased[link.layer]) return;
    const [x, y] = biasSpot(at, link), size = clamp(2.5 + 2 * Math.abs(S.weights[i] || 0), 2.5, 6);
    pen.fillStyle = hue(S.weights[i]);
    pen.strokeStyle = c.paper;
    pen.fillRect(x - size, y - size, 2 * size, 2 * size);
    pen.strokeRect(x - size, y - size, 2 * size, 2 * size);
  });
  if (!chosen) return;
  pen.strokeStyle = c.ink;
  pen.lineWidth = 2;
  if (chosen.source === null) {
    const [x, y] = biasSpot(at, chosen);
    pen.strokeRect(x - 8, y - 8, 16, 16);
  } else {
    curve(chosen);
    pen.stroke();
  }
}

// The number that is nearest to a pixel, as its place among all; -1 where none is near.
function nearest(links, at, px, py, S) {
  let best = -1, least = 9;
  links.forEach((link, i) => {
    const spots = [];
    if (link.source === null) S.biased[link.layer] && spots.push(biasSpot(at, link));
    else {
      const [x0, y0, x1, y1] = linkEnds(at, link);
      for (let j = 1; j < 24; j++) {
        const s = j / 24, e = 1 - s, middle = (x0 + x1) / 2;
        spots.push([e ** 3 * x0 + 3 * e * s * middle + s ** 3 * x1, (e ** 3 + 3 * e * e * s) * y0 + (3 * e * s * s + s ** 3) * y1]);
      }
    }
    for (const [x, y] of spots) {
      const far = Math.hypot(px - x, py - y) - (link.source === null ? 3 : 0);
      if (far < least) (best = i, least = far);
    }
  });
  return best;
}

// ---------------------------------------------------------------------------------------------------- the plane
function drawPoints(pen, S, X, Y, c) {
  const colours = classColours(S.names.length);
  for (let i = 0; i < S.y.length; i++) {
    const k = S.y[i], out = S.held_out[i];
    if (out && S.hideHeldOut) continue;
    mark(pen, k, X(S.X[2 * i]), Y(S.X[2 * i + 1]), 3.4, out ? c.paper : colours[k], out ? colours[k] : c.paper);
    if (out) (pen.lineWidth = 1.5, pen.stroke());
  }
}

// Points change rarely: they are drawn once on a sheet of their own. key says when they are others.
function pointSheet() {
  let kept = null, known = "";
  return (key, w, t, draw) => {
    const scale = window.devicePixelRatio || 1;
    if (key === known) return kept;
    known = key;
    kept = new OffscreenCanvas(Math.max(1, Math.round(w * scale)), Math.max(1, Math.round(t * scale)));
    const pen = kept.getContext("2d");
    pen.scale(scale, scale);
    draw(pen);
    return kept;
  };
}

// ---------------------------------------------------------------------------------------------------- the form
function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title);
  const S = unpacked(v.state), rec = S.recording?.plane ? unpacked(S.recording) : null;
  let links = everyLink(S.sizes), chosen = -1, over = null, version = 0, cross = null, label = 0;

  const ask = asking(v, (problem) => (pause(), v.say(problem, true)));
  const take = (frame) => {
    Object.assign(S, unpacked(frame));
    if (frame.settings) (version++, links = everyLink(S.sizes), chosen >= links.length && (chosen = -1), sync());
    shown();
    v.soon();
  };
  v.frames((frame) => frame.plane && take(frame));
  const act = (event, said) => ask(event, (answer) => answer.problem || v.say(said ?? ""));
  // While a slider moves python is asked for one place after the other, and for the last one in any case.
  let pending = false, next = null;
  const latest = (event, then) => {
    if (!event.drag) return ask(event, then);
    if (pending) return void (next = [event, then]);
    pending = true;
    ask(event, (answer) => {
      const [waiting] = [next, (pending = false), (next = null)];
      then(answer);
      if (waiting) latest(...waiting);
    });
  };
  const turn = (settings, drag) => latest({ type: "set", settings, drag }, (answer) => (answer.problem ? sync() : v.say("")));
  // A slider whose whole movement is one edit to undo: each call is told the name of the movement.
  let movements = 0;
  const dragged = (name, { oninput, ...how }) => {
    const node = slider(name, { ...how, oninput: (value) => oninput(value, `${name} ${movements}`) });
    node.input.addEventListener("change", () => movements++);
    return node;
  };

  // ------------------------------------------------------------------------------------------------ training
  let playing = 0, starts = 0; // playing: the number of this start, 0 while paused
  const run = (steps, seconds, frames, then) => ask({ type: "run", steps, seconds, frames }, then);
  // Two requests for two frames each are on their way at any time, so that python trains while messages travel and the
  // page draws; few enough that Pause stops at once. More than 60 frames a second nobody sees.
  const keepRunning = (mine) => {
    if (mine !== playing || !v.root.isConnected) return;
    const steps = { step: 1, epoch: S.batches, fast: 100000 }[pace.select.value], asked = performance.now();
    run(steps, BUDGET, 2, (answer) => {
      if (answer.numbers?.train_loss === null) lost();
      setTimeout(keepRunning, Math.max(0, 64 - (performance.now() - asked)), mine);
    });
  };
  const pause = () => ((playing = 0), (train.textContent = "▶ Train"), train.setAttribute("aria-pressed", "false"));
  const start = () => ((playing = ++starts), (train.textContent = "⏸ Pause"), train.setAttribute("aria-pressed", "true"), v.say(""), [0, 32].forEach((delay) => setTimeout(keepRunning, delay, playing)));
  const lost = () => (pause(), v.say("The weights are no numbers any more (nan): the learning rate was too large. Undo or reset, and lower it.", true));
  const train = button("▶ Train", () => (playing ? pause() : start()), { class: "primary", "aria-pressed": "false" });
  const once = (name, steps) => button(name, () => (pause(), run(steps(), 1, 1, (answer) => answer.problem || v.say(`${name}: done`))));
  const pace = choice("pace", PACES, "epoch", () => {});
  const undo = button("↶ Undo", () => act({ type: "undo" }, "undone")), redo = button("↷ Redo", () => act({ type: "redo" }, "done again"));
  const weightsButton = button("New weights", () => turn({ seed: (S.settings.seed + 1) % 2 ** 32 }));
  const reset = button("Reset", () => (pause(), act({ type: "reset" }, "back to the first weights")));

  // ------------------------------------------------------------------------------------------------ dials
  const dials = {
    data: choice("data", ["moons", "circles", "xor", "spiral", "gauss"], S.settings.data, (data) => turn({ data })),
    noise: dragged("noise", { min: 0, max: 0.5, step: 0.01, value: S.settings.noise, oninput: (noise, drag) => turn({ noise }, drag) }),
    points: dragged("points", { min: 20, max: 1000, step: 10, value: S.settings.points, oninput: (points, drag) => turn({ points }, drag) }),
    test: dragged("held out", { min: 0, max: 0.9, step: 0.05, value: S.settings.test, format: (t) => `${Math.round(100 * t)}%`, oninput: (test, drag) => turn({ test }, drag) }),
    activation: choice("activation", ["tanh", "relu", "sigmoid", "linear", "leaky_relu", "gelu"], S.settings.activation, (activation) => turn({ activation })),
    learning_rate: choice("learning rate", RATES, S.settings.learning_rate, (learning_rate) => turn({ learning_rate })),
    optimizer: choice("optimizer", [["sgd", "SGD"], ["adam", "Adam"]], S.settings.optimizer, (optimizer) => turn({ optimizer })),
    batch_size: dragged("batch size", { min: 1, max: 64, step: 1, value: S.settings.batch_size, oninput: (batch_size, drag) => turn({ batch_size }, drag) }),
    regularization: choice("regularization", [[null, "none"], ["l1", "L1"], ["l2", "L2"]], S.settings.regularization,
      (regularization) => turn(regularization && !S.settings.rate ? { regularization, rate: 0.001 } : { regularization })),
    rate: choice("its rate", PENALTIES, S.settings.rate, (rate) => turn({ rate })),
  };
  const features = FEATURES.map(([name, words]) => {
    const wanted = (on) => FEATURES.map(([f]) => f).filter((f) => (f === name ? on : S.settings.features.includes(f)));
    return Object.assign(check(words, false, (on) => turn({ features: wanted(on) })), { feature: name });
  });
  const fewer = button("−", () => turn({ layers: S.settings.layers.slice(0, -1) }), { class: "ln-small", "aria-label": "one hidden layer fewer" });
  const more = button("+", () => turn({ layers: [...S.settings.layers, S.settings.layers.at(-1) ?? 4] }), { class: "ln-small", "aria-label": "one hidden layer more" });
  const depth = h("output", {});
  const newPoints = button("New points", () => turn({ data_seed: (S.settings.data_seed + 1) % 2 ** 32 }), { class: "ln-small" });

  // What python has now is what the dials show.
  const put = (dial, value) => {
    if (dial.select && ![...dial.select.options].some((o) => o.value === String(value)))
      dial.select.append(h("option", { value }, value === "own" ? "your points" : String(value)));
    if (dial.select) dial.select.value = String(value);
    else if (document.activeElement !== dial.input) dial.set(value);
  };
  const sync = () => {
    for (const [name, dial] of Object.entries(dials)) put(dial, S.settings[name]);
    for (const box of features) box.input.checked = S.settings.features.includes(box.feature);
    const mine = S.given ? ["activation"] : [], stuck = S.step_given ? ["learning_rate", "optimizer", "regularization", "rate"] : [];
    for (const [name, dial] of Object.entries(dials)) (dial.select ?? dial.input).disabled = [...mine, ...stuck].includes(name) || (S.settings.data === "own" && ["noise", "points"].includes(name));
    for (const box of features) box.input.disabled = !!S.given;
    dials.data.select.querySelector('[value="own"]')?.toggleAttribute("disabled", S.settings.data !== "own");
    newPoints.disabled = S.settings.data === "own";
    fewer.disabled = !!S.given || !S.settings.layers.length;
    more.disabled = !!S.given || S.settings.layers.length >= 6;
    weightsButton.disabled = !!S.given;
    depth.textContent = S.sizes.length ? S.sizes.length - 2 : "–";
    undo.disabled = !S.can.undo;
    redo.disabled = !S.can.redo;
    label = Math.min(label, S.names.length - 1);
    drawHeads();
    drawLabels();
  };

  // ------------------------------------------------------------------------------------------------ the network
  const heads = h("fieldset", { class: "ln-dials ln-heads", disabled: !v.kernel, "aria-label": "units of each layer" });
  const drawHeads = () => {
    const units = (i, by) => turn({ layers: S.settings.layers.map((n, k) => (k === i ? n + by : n)) });
    const head = (i) => S.given ? [h("br"), `${S.sizes[i]}`] : [h("br"),
      button("−", () => units(i - 1, -1), { "aria-label": `layer ${i}: one unit fewer`, disabled: S.sizes[i] <= 1 }), h("output", {}, `${S.sizes[i]}`),
      button("+", () => units(i - 1, 1), { "aria-label": `layer ${i}: one unit more`, disabled: S.sizes[i] >= 12 })];
    const active = heads.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    heads.replaceChildren(...S.sizes.map((_, i) => i === 0 ? h("div", { class: "ln-head" }, "features")
      : i === S.sizes.length - 1 ? h("div", { class: "ln-head" }, "output") : h("div", { class: "ln-head" }, `layer ${i}`, ...head(i))));
    if (active) heads.querySelector(`[aria-label="${active}"]`)?.focus();
    net.style.minWidth = heads.style.minWidth = `${74 * S.sizes.length}px`;
  };
  const sheets = { inputs: sheet(), units: sheet(), plane: sheet(), hovered: sheet(), points: pointSheet() };
  let tables = null, tablesFor = "", at = null;
  const netDraw = (pen, w, t, c) => {
    if (tablesFor !== `${c.dark} ${S.names.length}`) (tables = pixels(c, classColours(S.names.length)), tablesFor = `${c.dark} ${S.names.length}`);
    if (!S.sizes.length) return;
    at = unitPlaces(S.sizes, w, t);
    [...heads.children].forEach((head, i) => (head.style.left = `${at.rows[i][0][0]}px`));
    drawNetwork(pen, S, at, links, c, tables, sheets, links[chosen]);
  };
  const net = canvas(v, { ...NET, label: "the network; arrow keys choose a weight or a bias, Enter sets it", draw: netDraw, tabindex: 0, class: "ln-play-net" });
  const undrawn = h("p", { class: "ln-muted" }, `${S.given} is no chain of linear layers: only its answer over the plane is drawn.`);
  for (const [node, hidden] of [[undrawn, S.sizes.length > 0], [heads, !S.sizes.length], [net, !S.sizes.length]]) node.hidden = hidden;
  const source = (link) => (link.layer ? `layer ${link.layer} unit ${link.source + 1}` : S.inputs[link.source]);
  const target = (link) => (link.layer + 2 === S.sizes.length ? (S.sizes.at(-1) > 1 ? `output ${S.names[link.unit]}` : "output") : `layer ${link.layer + 1} unit ${link.unit + 1}`);
  const called = (link) => (link.source === null ? `bias of ${target(link)}` : `weight ${source(link)} → ${target(link)}`);
  const choose = (i) => {
    chosen = i;
    shown();
    if (i >= 0) v.say(`${called(links[i])}: ${number(S.weights[i])}`);
    v.soon();
  };
  const edit = (value, drag) => {
    if (chosen < 0 || !Number.isFinite(value)) return v.say("A weight is a number.", true);
    latest({ type: "edit", ...links[chosen], value, drag }, (answer) => answer.problem || v.say(`${called(links[chosen])}: ${number(value)}`));
  };
  const exact = h("input", { type: "number", step: "any", "aria-label": "value", onchange: () => edit(exact.value === "" ? NaN : Number(exact.value)),
    onkeydown: (event) => event.key === "Enter" && net.focus() }); // which ends the typing
  const coarse = dragged("", { min: -5, max: 5, step: 0.01, value: 0, oninput: edit, "aria-label": "value, by slider" });
  const chosenName = h("span", {}), hint = h("span", { class: "ln-muted" }, "Blue and solid: a positive weight; orange and dashed: a negative one; the width is its size. Click a link to set its weight, or the square at a unit’s corner for its bias. Rest on a unit to see it large.");
  const weight = h("fieldset", { class: "ln-dials ln-weight", disabled: !v.kernel }, row(chosenName, exact, coarse));

  // The first number of the next layer (by layers), or another number (by one).
  const walk = (by, layers) => {
    const usable = links.map((_, i) => i).filter((i) => links[i].source !== null || S.biased[links[i].layer]);
    const here = Math.max(chosen, 0), place = usable.indexOf(here);
    if (!layers) return choose(chosen < 0 ? 0 : usable[clamp(place + by, 0, usable.length - 1)]);
    const layer = clamp(links[here].layer + by, 0, S.sizes.length - 2);
    choose(links.findIndex((link) => link.layer === layer));
  };
  net.addEventListener("keydown", (event) => {
    const keys = { ArrowDown: () => walk(1), ArrowUp: () => walk(-1), ArrowRight: () => walk(1, true), ArrowLeft: () => walk(-1, true), Enter: () => chosen >= 0 && (exact.focus(), exact.select()) };
    if (!(event.key in keys) || !S.sizes.length) return;
    keys[event.key]();
    event.preventDefault();
    event.stopPropagation();
  });
  const unitAt = (px, py) => {
    let n = 0;
    for (const [i, row_] of at.rows.entries())
      for (const [k, [x, y]] of row_.entries()) {
        if (Math.abs(px - x) < at.side / 2 && Math.abs(py - y) < at.side / 2) return { picture: i ? n : k, input: !i };
        if (i) n++;
      }
    return null;
  };
  const rest = (found) => JSON.stringify(found) !== JSON.stringify(over) && ((over = found), v.soon());
  pointer(net, {
    down: (x, y) => void (at && choose(nearest(links, at, x, y, S))),
    hover: (x, y) => at && rest(nearest(links, at, x, y, S) < 0 || !links.length ? unitAt(x, y) : null),
    leave: () => rest(null),
  });

  // ------------------------------------------------------------------------------------------------ the plane
  const box = (w, t) => ({ x: 34, y: 6, w: w - 40, h: t - 28 });
  let plotted = null;
  const planeDraw = (pen, w, t, c) => {
    const [x0, x1, y0, y1] = S.extent, b = box(w, t), units = (v_, i) => S.mean[i] + S.std[i] * v_;
    const wide = (r) => [b.x - b.w / (r - 1) / 2, b.y - b.h / (r - 1) / 2, b.w + b.w / (r - 1), b.h + b.h / (r - 1)]; // grid points lie on the border
    pen.save();
    pen.beginPath();
    pen.rect(b.x, b.y, b.w, b.h);
    pen.clip();
    if (over) {
      const from = over.input ? S.features : S.units, r = from.shape[1];
      pen.drawImage(unitSheet(sheets.hovered, from, tables.unit), 0, over.picture * r, r, r, ...wide(r));
    } else pen.drawImage(planeSheet(sheets.plane, S.plane, tables), ...wide(S.plane.shape[0]));
    pen.restore();
    plotted = axes(pen, b, [units(x0, 0), units(x1, 0)], [units(y0, 1), units(y1, 1)], c, { grid: false });
    const X = (x) => b.x + ((x - x0) / (x1 - x0)) * b.w, Y = (y) => b.y + b.h - ((y - y0) / (y1 - y0)) * b.h;
    const key = [version, w, t, c.dark, S.hideHeldOut, window.devicePixelRatio].join();
    pen.drawImage(sheets.points(key, w, t, (sheetPen) => drawPoints(sheetPen, S, X, Y, c)), 0, 0, w, t);
    if (!cross) return;
    const [cx, cy] = [plotted.X(cross[0]), plotted.Y(cross[1])];
    stroke(pen, [[cx - 9, cy], [cx + 9, cy]], c.ink, 2);
    stroke(pen, [[cx, cy - 9], [cx, cy + 9]], c.ink, 2);
  };
  const plane = canvas(v, { width: SIDE, height: SIDE - 12, draw: planeDraw, tabindex: 0,
    label: "the plane as the network sees it; a click adds a point, arrow keys move a cross and Enter adds one there" });
  const add = (x, y) => v.kernel && act({ type: "add", x, y, label }, `a point of class ${S.names[label]} at (${number(x, 3)}, ${number(y, 3)})`);
  const inside = (x, y) => x >= plotted.box.x && x <= plotted.box.x + plotted.box.w && y >= plotted.box.y && y <= plotted.box.y + plotted.box.h;
  pointer(plane, { down: (x, y) => void (plotted && inside(x, y) && add(plotted.x(x), plotted.y(y))) });
  plane.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!by && event.key !== "Enter") return;
    const [x0, x1, y0, y1] = S.extent.map((e, i) => S.mean[i >> 1] + S.std[i >> 1] * e);
    cross ??= [(x0 + x1) / 2, (y0 + y1) / 2];
    if (by) cross = [clamp(cross[0] + (by[0] * (x1 - x0)) / 40, x0, x1), clamp(cross[1] + (by[1] * (y1 - y0)) / 40, y0, y1)];
    else add(...cross);
    v.say(by ? `(${number(cross[0], 3)}, ${number(cross[1], 3)})` : "");
    v.soon();
    event.preventDefault();
    event.stopPropagation();
  });
  plane.addEventListener("blur", () => ((cross = null), v.soon()));
  const labels = h("span", { class: "ln-row", role: "group", "aria-label": "class of an added point" });
  const drawLabels = () => labels.replaceChildren(...S.names.map((name, k) => {
    const swatch = h("canvas", { width: 28, height: 28, style: "width:14px;height:14px;display:inline-block;vertical-align:-2px" }), pen = swatch.getContext("2d");
    pen.scale(2, 2);
    mark(pen, k, 7, 7, 5, classColours(S.names.length)[k], v.colours.paper);
    const press = { class: "ln-small", "aria-pressed": String(k === label), "aria-label": `class ${name}` };
    const node = v.kernel ? button("", () => ((label = k), drawLabels()), press) : h("span", { class: "ln-muted" });
    node.append(swatch, ` ${name}`);
    return node;
  }));
  const showHeld = check("held out (hollow)", true, (on) => ((S.hideHeldOut = !on), v.soon()));

  // ------------------------------------------------------------------------------------------------ numbers, curves
  const cells = Object.fromEntries(["step", "epoch", "train_loss", "test_loss", "train_accuracy", "test_accuracy"].map((name) => [name, h("td", { "data-name": name })]));
  const numbers = h("table", { class: "ln-numbers" },
    h("tr", {}, h("th", {}, ""), h("th", {}, "training"), h("th", {}, "held out")),
    h("tr", {}, h("td", {}, "loss"), cells.train_loss, cells.test_loss), h("tr", {}, h("td", {}, "right"), cells.train_accuracy, cells.test_accuracy));
  let written = 0; // when; while it trains, ten times a second is enough for numbers, and each time the page is laid out
  const shown = () => {
    if (playing && performance.now() - written < 100) return;
    written = performance.now();
    const n = S.numbers, percent = (p) => (p === null || Number.isNaN(p) ? "–" : `${(100 * p).toFixed(1)}%`), small = (x) => (x === null || Number.isNaN(x) ? "–" : number(x, 3));
    const words = { step: n.step.toLocaleString("en"), epoch: (n.step / S.batches).toFixed(1), train_loss: small(n.train_loss), test_loss: small(n.test_loss),
      train_accuracy: percent(n.train_accuracy), test_accuracy: percent(n.test_accuracy) };
    for (const [name, text] of Object.entries(words)) if (cells[name].textContent !== text) cells[name].textContent = text;
    counter.textContent = `step ${words.step} · epoch ${words.epoch}`;
    weight.hidden = chosen < 0;
    hint.hidden = chosen >= 0 || !S.sizes.length;
    if (chosen < 0) return;
    chosenName.textContent = called(links[chosen]);
    if (document.activeElement !== exact) exact.value = Number((S.weights[chosen] ?? 0).toPrecision(6));
    if (document.activeElement !== coarse.input) coarse.set(S.weights[chosen] ?? 0);
  };
  const counter = h("output", {});
  const curveDraw = (pen, w, t, c) => {
    const rows = S.curve.shape[0], b = { x: 34, y: 6, w: w - 50, h: t - 26 }, column = (k) => Array.from({ length: rows }, (_, i) => S.curve[3 * i + k]);
    const steps = column(0), high = Math.max(...[...column(1), ...column(2)].filter(Number.isFinite), 0.1) * 1.3;
    const a = axes(pen, b, [0, Math.max(steps.at(-1), 1)], [0, high], c);
    stroke(pen, steps.map((s_, i) => [a.X(s_), a.Y(S.curve[3 * i + 2])]), c.wrong, 1.8, [5, 3]);
    stroke(pen, steps.map((s_, i) => [a.X(s_), a.Y(S.curve[3 * i + 1])]), c["input-edge"], 1.8);
    if (bar) stroke(pen, [[a.X(S.numbers.step), b.y], [a.X(S.numbers.step), b.y + b.h]], c.ink, 1);
    pen.textAlign = "right";
    pen.fillStyle = c.muted;
    pen.fillText("loss: — training  - - held out", b.x + b.w - 6, b.y + 13);
  };

  // ------------------------------------------------------------------------------------------------ points, state, code
  const copied = (text, what) => navigator.clipboard?.writeText(text).then(() => v.say(`${what} copied`), () => v.say(`${what} is in the box: copy it there`)) ?? v.say(`${what} is in the box: copy it there`);
  const csv = h("textarea", { "aria-label": "points as CSV", placeholder: "x1, x2, label\n0.5, -1.2, cat\n…", spellcheck: "false" });
  const file = h("input", { type: "file", accept: ".csv,.txt,text/csv,text/plain", "aria-label": "a CSV file", onchange: async () => file.files[0] && (csv.value = await file.files[0].text()) });
  const useCsv = button("Use these points", () => ask({ type: "csv", text: csv.value }, (answer) => answer.problem || v.say(`${S.y.length} points of ${S.names.length} classes`)));
  const state = h("textarea", { "aria-label": "the state as text", spellcheck: "false", placeholder: "paste a state here to open it" });
  const fetched = (kind, then) => (v.kernel ? ask({ type: kind }, (answer) => answer.problem || then(answer[kind])) : then(S[kind]));
  const copyState = button("Copy the state", () => fetched("link", (text) => ((state.value = text), copied(text, "the state"))));
  const openState = button("Open this state", () => (pause(), act({ type: "open", text: state.value }, "opened")), { disabled: !v.kernel });
  const code = h("pre", { class: "ln-mono", tabindex: 0, "aria-label": "the program" });
  const showCode = () => fetched("code", (text) => (code.textContent = text));
  const copyCode = button("Copy the code", () => fetched("code", (text) => ((code.textContent = text), copied(text, "the code"))));
  const fold = (name, ...inner) => h("details", {}, h("summary", {}, name), ...inner);
  const codeFold = fold("Show the code", row(copyCode), code);
  codeFold.addEventListener("toggle", () => codeFold.open && showCode());

  // ------------------------------------------------------------------------------------------------ together
  const still = (i) => {
    const part = (a) => Object.assign(a.subarray(i * (a.length / a.shape[0]), (i + 1) * (a.length / a.shape[0])), { shape: a.shape.slice(1) });
    Object.assign(S, { plane: part(rec.plane), units: part(rec.units), weights: part(rec.weights), numbers: rec.numbers[i], curve: rec.curve });
    shown();
    v.soon();
  };
  const bar = !v.kernel && rec ? playbar(v, { length: rec.numbers.length, name: "of the training", go: still, label: (i) => `step ${rec.numbers[i].step}` }) : null;
  const resting = { disabled: !v.kernel };
  v.add(...[
    v.kernel ? row(train, once("Step", () => 1), once("Epoch", () => S.batches), reset, weightsButton, undo, redo, pace, counter) : row(bar),
    v.root.querySelector(".ln-status"),
    h("fieldset", { class: "ln-dials", ...resting, "aria-label": "dials" },
      h("div", { class: "ln-row ln-stack" }, ...Object.values(dials)),
      row(h("span", { class: "ln-muted" }, "features"), ...features, h("span", { class: "ln-depth" }, h("span", { class: "ln-muted" }, "hidden layers"), fewer, depth, more), newPoints)),
    columns(h("div", { class: "ln-net" }, undrawn, heads, net, hint, weight),
      h("div", { class: "ln-side" }, plane, h("div", { class: "ln-row" }, v.kernel ? h("span", { class: "ln-muted" }, "add") : null, labels, showHeld),
        canvas(v, { width: SIDE, height: 120, label: "loss by step", draw: curveDraw }), numbers)),
    S.given ? null : fold("Share: the state as one line of text", row(copyState, openState), state),
    fold("Your own points, as CSV", h("p", { class: "ln-muted" }, "Two numbers and a label in each row; a row of headings may stand on top."), csv, h("fieldset", { class: "ln-dials", ...resting }, row(useCsv, file))),
    S.given ? null : codeFold,
  ].filter(Boolean));
  sync();
  shown();
  if (v.kernel) ask({ type: "look" });
  else if (rec) (bar.show(rec.numbers.length - 1), v.say("A recording of a training. To train, and to turn the dials, run this cell where Python runs."));
  else v.say("Only a picture: to train, run this cell where Python runs.");
  // JupyterLab takes a cell out of its page for a moment when it changes its theme; what was painted then has no size.
  let width = 1;
  v.paint(() => {
    if (!plane.clientWidth && width) setTimeout(v.soon, 300);
    width = plane.clientWidth;
  });
  return () => (pause(), v.stop());
}
