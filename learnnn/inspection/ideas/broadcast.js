// Broadcasting as a film: copies slide along the stretched axes, and on the way back they slide together and are summed.
const HIGH = 30, GAP = 10, MOTION = 14, HOLD = 16; // pixels of a cell and between blocks; frames
const LOOK = { a: ["input", "input-edge"], x: ["input", "input-edge"], b: ["parameter", "parameter-edge"], sum: ["box", "line"], gradient: ["paper", "wrong"] };

function render({ model, el }) {
  const v = view({ model, el });
  const title = v.add(h("div", { class: "ln-title" })), table = h("table", { class: "ln-shapes" }), note = h("div", { class: "ln-muted" });
  const stage = h("div", { class: "ln-stage", "aria-live": "polite" }), panels = h("div", { class: "ln-columns ln-arrays" });
  const g = { v, chosen: null };
  v.add(table, note, h("div", { class: "ln-row" }), stage);
  const bar = playbar(v, { length: 1, fps: 20, name: "film", go: (i) => g.film && show(g, i), label: (i) => (g.film ? `${g.film[i].stage + 1} of ${g.stages.length}` : "") });
  bar.step = (by) => (bar.pause(), bar.show(Math.abs(by) === 1 ? nextStage(g, bar.at, by) : bar.at + by));
  v.body.querySelector(".ln-row").append(bar);
  v.add(panels);
  g.stage = stage;
  const fill = (state) => {
    title.textContent = state.title;
    g.state = state;
    g.chosen = null;
    g.gradient = array(state.gradient);
    g.result = state.result && array(state.result);
    g.operands = state.operands.map((o) => ({ ...o, values: o.values && array(o.values), folds: o.folds.map(array) }));
    table.replaceChildren(...linedUp(state));
    note.textContent = cutNote(state);
    g.stages = stagesOf(g);
    g.film = filmOf(g.stages);
    g.panels = [...g.operands.map((o) => panelOf(g, o)), sumPanel(g)].filter(Boolean);
    panels.replaceChildren(...g.panels.flatMap((p, k) => (k ? [h("div", { class: "ln-sign", "aria-hidden": "true" }, p.operand ? "+" : "="), p.node] : [p.node])));
    bar.resize(g.film.length);
    bar.show(0);
  };
  v.frames(fill);
  fill(v.state);
  return v.stop;
}

// --------------------------------------------------------------------------------------------- what happens
// A stage: { words, back, moves: [operand, axis] or null }. `spread[operand]` is how many of its axes are stretched then.
function stagesOf(g) {
  const stages = [], spread = g.operands.map(() => 0), add = (words, more = {}) => stages.push({ words, back: false, sum: false, moves: null, fold: false, ...more, spread: [...spread] });
  const size = (axis) => g.state.shape[axis], times = (n) => (n === 1 ? "once" : `${n} times`);
  if (g.result) {
    add("Two arrays, their shapes lined up at the right.");
    g.operands.forEach((o, k) => o.stretched.forEach((axis) => {
      const why = axis < o.new ? `${o.name} has no axis ${axis}` : `Axis ${axis} of ${o.name} has size 1`;
      spread[k] += 1;
      add(`${why}, the result has ${size(axis)}: ${o.name} is copied ${times(size(axis))}.`, { moves: [k, axis] });
    }));
    add("Same shape now: each element meets its partner, and they are added.", { sum: true });
    add("The way back: a gradient arrives, one number for each element of the result.", { sum: true, back: "sum" });
  } else g.operands.forEach((o, k) => (spread[k] = o.stretched.length));
  const start = g.result ? "A sum passes its gradient on as it is: each copy gets the number of its place." : "The gradient that arrives: one number for each copy.";
  add(start, { sum: true, back: true });
  g.operands.forEach((o, k) => [...o.stretched].reverse().forEach((axis) => {
    const rest = axis < o.new ? `so axis ${axis} is gone` : `so axis ${axis} has size 1 again`;
    spread[k] -= 1;
    add(`${o.name} was copied along axis ${axis}: the gradients of its copies are summed, ${rest}.`, { sum: true, back: true, moves: [k, axis], fold: true });
  }));
  add(g.operands.map((o) => `The gradient of ${o.name} has the shape of ${o.name} again: ${tuple(o.shape)}.`).join(" "), { sum: true, back: true });
  return stages;
}

// The frames: a stage whose copies move takes a while, and every stage is held so that it can be read.
function filmOf(stages) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return stages.flatMap(({ moves }, stage) => {
    const motion = moves && !still ? MOTION : 1, hold = still ? 0 : HOLD;
    return Array.from({ length: motion + hold }, (_, k) => ({ stage, t: Math.min(1, (k + 1) / motion) }));
  });
}

function nextStage(g, at, by) {
  const last = (stage) => g.film.findLastIndex((frame) => frame.stage === stage && frame.t === 1), now = g.film[at].stage;
  const first = (stage) => g.film.findIndex((frame) => frame.stage === stage && frame.t === 1);
  if (by < 0) return now ? first(now - 1) : 0;
  return at < first(now) ? first(now) : now + 1 < g.stages.length ? first(now + 1) : last(now);
}

function show(g, i) {
  const frame = g.film[i], words = g.stages[frame.stage].words;
  g.now = { ...g.stages[frame.stage], ...frame };
  if (g.stage.textContent !== words) g.stage.textContent = words;
  for (const p of g.panels ?? []) p.head();
  if (g.chosen) tell(g);
}

// --------------------------------------------------------------------------------------------- places and indices
const tuple = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

// Columns to the right, rows down, further axes as blocks, in turn down and right.
function placeIn(index, { shown, wide }) {
  let x = 0, y = 0, across = wide, down = HIGH;
  for (let k = 0; k < shown.length; k++) {
    const i = index[shown.length - 1 - k], n = shown[shown.length - 1 - k];
    if (k === 0 || k === 3) (x += i * across, across = across * n + GAP);
    else (y += i * down, down = down * n + GAP);
  }
  return [x, y];
}

function* indices(shape) {
  const size = shape.reduce((a, b) => a * b, 1);
  for (let flat = 0; flat < size; flat++) {
    const index = [];
    let rest = flat;
    for (const n of [...shape].reverse()) (index.unshift(rest % n), (rest = Math.floor(rest / n)));
    yield index;
  }
}

const at = (values, index) => values[values.shape.reduce((flat, n, i) => flat * n + Math.min(index[i], n - 1), 0)];
const origin = (o, index) => index.map((i, axis) => (o.stretched.includes(axis) ? 0 : i));
const same = (a, b) => a && b && a.every((i, k) => i === b[k]);

// The copies of an operand that are on stage: { index, x, y, value, copy }. The nearest to the original comes last.
function cellsOf(g, k) {
  const o = g.operands[k], { spread, moves, fold, t, back } = g.now, moving = moves?.[0] === k ? moves[1] : null;
  const order = o.stretched, done = order.slice(0, fold && moving !== null ? spread[k] + 1 : spread[k]);
  const part = (axis) => (axis !== moving ? 1 : fold ? 1 - t : t), level = order.length - done.length + (moving !== null && fold && t === 1 ? 1 : 0);
  const values = back === true ? o.folds[level] : o.values, found = [];
  for (const index of indices(g.state.shown)) {
    const away = order.filter((axis) => index[axis] > 0);
    if (away.some((axis) => !done.includes(axis) || part(axis) === 0)) continue;
    const [x, y] = placeIn(index.map((i, axis) => (axis === moving ? i * part(axis) : i)), g.state);
    found.unshift({ index, x, y, value: values && at(values, index), copy: away.length > 0 });
  }
  return found;
}

// --------------------------------------------------------------------------------------------- panels
function panelOf(g, operand) {
  const k = g.operands.indexOf(operand), name = operand.name;
  const shapeNow = () => g.state.shape.map((n, axis) => {
    const on = operand.stretched.indexOf(axis);
    return on < 0 || on < g.now.spread[k] ? n : axis < operand.new ? null : 1;
  }).filter((n) => n !== null);
  const heading = () => (g.now.back === true ? `gradient of ${name} ${tuple(shapeNow())}` : `${name} ${tuple(shapeNow())}`);
  return panel(g, { operand, heading, cells: () => cellsOf(g, k), look: () => (g.now.back === true ? "gradient" : name) });
}

function sumPanel(g) {
  if (!g.result) return null;
  const values = () => (g.now.back ? g.gradient : g.result), all = [...indices(g.state.shown)].map((index) => ({ index, place: placeIn(index, g.state) }));
  const cells = () => (g.now.sum ? all.map(({ index, place: [x, y] }) => ({ index, x, y, value: at(values(), index), copy: false })) : []);
  const heading = () => `${g.now.back ? "gradient that arrives" : g.operands.map((o) => o.name).join(" + ")} ${tuple(g.state.shape)}`;
  return panel(g, { operand: null, heading, cells, look: () => (g.now.back ? "gradient" : "sum") });
}

function panel(g, p) {
  const [right, low] = placeIn(g.state.shown.map((n) => n - 1), g.state), width = right + g.state.wide, height = low + HIGH;
  const head = h("div", { class: "ln-name" }), draw = (pen, w, t, c) => drawCells(pen, w / width, g, p, c);
  const node = canvas(g.v, { width, height, label: "", draw, tabindex: 0, role: "application", "aria-roledescription": "array, arrow keys move",
    onkeydown: (event) => walk(event, g, p), onfocus: () => g.now && choose(g, p, g.chosen?.index ?? g.state.shown.map(() => 0)) });
  p.node = h("div", { class: "ln-array" }, head, h("div", { style: `width:${width}px;max-width:100%` }, node));
  p.head = () => ((head.textContent = p.heading()), node.setAttribute("aria-label", p.heading()));
  const hit = (x, y) => {
    const scale = node.clientWidth / width;
    const found = p.cells().findLast((cell) => x / scale >= cell.x && x / scale < cell.x + g.state.wide && y / scale >= cell.y && y / scale < cell.y + HIGH);
    if (found) choose(g, p, found.index);
  };
  pointer(node, { hover: hit, down: (x, y) => (hit(x, y), false), leave: () => document.activeElement !== node && choose(g, null) });
  return p;
}

function drawCells(pen, scale, g, p, c) {
  if (!g.now) return;
  const [fill, edge] = LOOK[p.look()], wide = g.state.wide;
  pen.scale(scale, scale);
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.strokeStyle = c.edge;
  pen.lineWidth = 0.6;
  for (const index of indices(g.state.shown)) outline(pen, ...placeIn(index, g.state), wide).stroke(); // room for what may come
  for (const cell of p.cells()) {
    const lit = isLit(g, p, cell), words = cell.value === null || cell.value === undefined ? "" : number(cell.value, 3);
    outline(pen, cell.x, cell.y, wide);
    pen.fillStyle = cell.copy ? c.paper : c[fill];
    pen.fill();
    pen.strokeStyle = lit ? c.ink : c[edge];
    pen.lineWidth = lit ? 2.6 : 1;
    pen.setLineDash(cell.copy && !lit ? [4, 3] : []);
    pen.stroke();
    pen.setLineDash([]);
    pen.font = `${lit ? "600 " : ""}13px ${getComputedStyle(g.v.root).fontFamily}`;
    pen.fillStyle = edge === "wrong" ? c["wrong-ink"] : cell.copy ? c.muted : c.ink;
    pen.fillText(words, cell.x + wide / 2, cell.y + HIGH / 2 + 0.5);
  }
}

function outline(pen, x, y, wide) {
  pen.beginPath();
  pen.roundRect(x + 1.5, y + 1.5, wide - 3, HIGH - 3, 4);
  return pen;
}

// --------------------------------------------------------------------------------------------- one element, and where it comes from
function isLit(g, p, cell) {
  const { panel, index } = g.chosen ?? {};
  if (!panel) return false;
  if (!panel.operand) return same(cell.index, index); // one of the result: its own place in each array
  return same(origin(panel.operand, cell.index), origin(panel.operand, index)); // one of an array: all its copies
}

function choose(g, p, index) {
  if (!p) g.chosen = null;
  else if (g.chosen?.panel === p && same(g.chosen.index, index)) return;
  else g.chosen = { panel: p, index };
  g.chosen ? tell(g) : g.v.say("");
  g.v.soon();
}

const ownName = (o, index) => `${o.name}[${origin(o, index).slice(o.new).join(", ")}]`.replace("[]", "");
const placeName = (index) => `[${index.join(", ")}]`;

function tell(g) {
  const { panel, index } = g.chosen, back = g.now.back;
  g.v.say(panel.operand ? (back ? summedWords(g, panel.operand, index) : copiedWords(g, panel.operand, index)) : sumWords(g, index, back));
}

function sumWords(g, index, back) {
  if (back) return `The gradient at ${placeName(index)} is ${number(at(g.gradient, index))}: it goes to ${g.operands.map((o) => ownName(o, index)).join(" and to ")}.`;
  if (!g.now.sum) return "";
  const values = g.operands.map((o) => signed(at(o.values, origin(o, index))));
  return `Element ${placeName(index)} is ${g.operands.map((o) => ownName(o, index)).join(" + ")} = ${values.join(" + ")} = ${number(at(g.result, index))}.`;
}

const signed = (value) => (value < 0 ? `(${number(value)})` : number(value)); // as it stands in a sum
const usesOf = (g, o, index) => [...indices(g.state.shown)].filter((other) => same(origin(o, other), origin(o, index)));
const usedTimes = (g, o) => o.stretched.reduce((n, axis) => n * g.state.shape[axis], 1);

function copiedWords(g, o, index) {
  const places = usesOf(g, o, index), n = usedTimes(g, o), more = n > places.length ? " and more" : "";
  return `${ownName(o, index)} = ${number(at(o.values, origin(o, index)))} is used ${n === 1 ? "once" : `${n} times`}, at ${places.map(placeName).join(", ")}${more}.`;
}

function summedWords(g, o, index) {
  const terms = usesOf(g, o, index).map((place) => signed(at(g.gradient, place))), more = usedTimes(g, o) > terms.length ? " + …" : "";
  const total = number(at(o.folds.at(-1), origin(o, index)));
  return `The gradient of ${ownName(o, index)} is ${terms.join(" + ")}${more}${terms.length > 1 || more ? ` = ${total}` : ""}.`;
}

function walk(event, g, p) {
  const axes = { ArrowLeft: [-1, -1], ArrowRight: [-1, 1], ArrowUp: [-2, -1], ArrowDown: [-2, 1], PageUp: [-3, -1], PageDown: [-3, 1] }[event.key];
  if (!axes) return;
  event.preventDefault();
  event.stopPropagation();
  const index = [...(g.chosen?.index ?? g.state.shown.map(() => 0))], axis = index.length + axes[0];
  if (axis < 0) return;
  index[axis] = clamp(index[axis] + axes[1], 0, g.state.shown[axis] - 1);
  choose(g, p, p.operand ? visible(g, p, index) : index);
}

// The element itself, where that copy of it is not on stage.
const visible = (g, p, index) => (p.cells().some((cell) => same(cell.index, index)) ? index : origin(p.operand, index));

// --------------------------------------------------------------------------------------------- the shapes
function linedUp(state) {
  const rows = state.operands.map((o) => [o.name, state.shape.map((n, axis) => {
    const own = axis < o.new ? "—" : o.aligned[axis];
    return o.stretched.includes(axis) ? `${own} → ${n}` : String(own);
  })]);
  rows.push([state.result ? state.operands.map((o) => o.name).join(" + ") : "gradient", state.shape.map(String)]);
  const heads = h("tr", {}, h("th", {}, ""), ...state.shape.map((_, axis) => h("th", { scope: "col" }, `axis ${axis}`)));
  return [heads, ...rows.map(([name, sizes], k) => h("tr", { class: k === rows.length - 1 ? "ln-last" : "" }, h("th", { scope: "row" }, name), ...sizes.map((size) => h("td", {}, size))))];
}

function cutNote({ shape, shown }) {
  const cut = shape.map((n, axis) => [n, shown[axis], axis]).filter(([n, m]) => m < n);
  return cut.length ? `Drawn: ${cut.map(([n, m, axis]) => `${m} of ${n} along axis ${axis}`).join(", ")}. The sums are over all.` : "";
}
