// A gradient check: heat maps of relative error, the element under the pointer in numbers, and its error at every step.
const LEVELS = [1e-6, 1e-4, 1e-2, 1e-1], LEVEL_WORDS = ["< 1e−6", "< 1e−4", "< 0.01", "< 0.1", "≥ 0.1"];
const STEPS = Array.from({ length: 23 }, (_, k) => 10 ** (-1 - k / 2));

function render({ model, el }) {
  const v = view({ model, el });
  const g = { v, inputs: [], chosen: null, curve: null };
  const head = h("div", { class: "ln-title ln-verdict" }), told = h("div"), maps = h("div", { class: "ln-columns" });
  g.element = h("div", { class: "ln-element", role: "status" });
  g.plot = stepPlot(g);
  v.add(head, told, h("div", { class: "ln-columns" }, h("div", { class: "ln-heat" }, maps, keyToErrors(), g.element), g.plot.node));
  const fill = (state) => {
    head.replaceChildren(h("span", { class: state.passed ? "ln-right" : "ln-wrong" }, state.passed ? "✓ " : "✗ "), state.headline);
    told.replaceChildren(...state.problems.map((words) => h("p", {}, words)), ...notesOf(state.inputs));
    g.inputs = state.inputs.map((input, k) => unpacked(g, input, k));
    maps.replaceChildren(...g.inputs.filter((i) => i.cells?.length).map((input) => heatMap(g, input)));
    const curves = g.inputs.flatMap((input) => input.curves.map((curve) => [input, curve]));
    const [input, curve] = curves.find(([, c]) => c.place === state.first) ?? curves[0] ?? [];
    g.element.hidden = !g.inputs.some((i) => i.cells);
    g.plot.node.hidden = !curve;
    if (input) choose(g, input, input.cells ? Math.max(0, input.places.indexOf(curve.index.join())) : -1, curve);
    v.say("");
  };
  v.frames(fill);
  fill(v.state);
  return v.stop;
}

function notesOf(inputs) {
  const shown = [...inputs].sort((a, b) => a.passed - b.passed).slice(0, 8);
  const notes = shown.map(({ name, passed, notes: [first, ...rest] }) => h("div", { class: "ln-note" }, h("b", {}, name), ` ${first}`,
    ...rest.map((words) => h("div", { class: passed || words.startsWith("note") ? "ln-muted" : "ln-wrong" }, words))));
  return inputs.length > shown.length ? [...notes, h("div", { class: "ln-muted" }, `and ${inputs.length - shown.length} more`)] : notes;
}

// An input with its arrays, and the index of each cell's element in words.
function unpacked(g, input, k) {
  if (!input.cells) return { ...input, places: [] };
  const arrays = Object.fromEntries(["cells", "analytic", "numeric", "error", "agree", "kinks"].map((key) => [key, array(input[key])]));
  const [rows, cols] = arrays.cells.shape;
  return { ...input, ...arrays, rows, cols, at: 0, k, places: [...arrays.cells].map((flat) => (flat < 0 ? "" : indexOf(flat, input.shape).join())) };
}

function indexOf(flat, shape) {
  const index = [];
  for (const size of [...shape].reverse()) (index.unshift(flat % size), (flat = Math.floor(flat / size)));
  return index;
}

const placeOf = (input, cell) => (input.places[cell] ? `${input.name}[${input.places[cell].replaceAll(",", ", ")}]` : input.name);
const levelOf = (error) => (Number.isNaN(error) ? 4 : LEVELS.filter((bound) => error >= bound).length);

// --------------------------------------------------------------------------------------------- the heat maps
function heatMap(g, input) {
  const size = clamp(300 / Math.max(input.rows, input.cols), 9, 30), width = input.cols * size, height = input.rows * size;
  const shape = input.shape.length ? `(${input.shape.join(", ")}${input.shape.length === 1 ? "," : ""})` : "";
  const draw = (pen, w, t, c) => drawHeat(pen, w / input.cols, g, input, c);
  const node = canvas(g.v, { width, height, label: "", draw, tabindex: 0, role: "application", class: "ln-map",
    "aria-roledescription": "heat map, arrow keys move",
    onkeydown: (event) => moveBy(event, g, input), onfocus: () => choose(g, input, input.at) });
  node.style.width = `${width}px`;
  const cellAt = (x, y) => {
    const side = node.clientWidth / input.cols, cell = Math.floor(y / side) * input.cols + Math.floor(x / side);
    return cell >= 0 && cell < input.cells.length && input.cells[cell] >= 0 ? cell : input.at;
  };
  pointer(node, { hover: (x, y) => choose(g, input, cellAt(x, y)), down: (x, y) => (choose(g, input, cellAt(x, y)), false) });
  input.node = node;
  node.setAttribute("aria-label", `relative error of ${input.name} ${shape}`);
  const shared = input.factor > 1 ? `, worst of ${input.factor} a cell` : "";
  return h("div", {}, h("div", { class: "ln-name" }, `${input.name} ${shape}${shared}`), node);
}

function drawHeat(pen, side, g, input, c) {
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.font = `${side * 0.62}px system-ui, sans-serif`;
  for (let cell = 0; cell < input.cells.length; cell++) {
    if (input.cells[cell] < 0) continue;
    const x = (cell % input.cols) * side, y = Math.floor(cell / input.cols) * side, level = levelOf(input.error[cell]);
    pen.fillStyle = c[`error-${level}`];
    pen.fillRect(x + 0.5, y + 0.5, side - 1, side - 1);
    pen.strokeStyle = c.edge;
    pen.lineWidth = 0.6;
    pen.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
    if (!input.agree[cell] && side >= 14) {
      pen.fillStyle = level >= 4 ? c.paper : c.ink;
      pen.fillText("×", x + side / 2, y + side / 2);
    }
    if (g.chosen?.input === input && g.chosen.cell === cell) {
      pen.strokeStyle = c.ink;
      pen.lineWidth = 2.5;
      pen.strokeRect(x + 1.5, y + 1.5, side - 3, side - 3);
    }
  }
}

function moveBy(event, g, input) {
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -input.cols, ArrowDown: input.cols, Home: -input.at, End: input.cells.length - 1 - input.at }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const row = (cell) => Math.floor(cell / input.cols), to = input.at + by;
  const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
  if (to >= 0 && to < input.cells.length && input.cells[to] >= 0 && (!sideways || row(to) === row(input.at))) choose(g, input, to);
}

function keyToErrors() {
  const levels = LEVEL_WORDS.map((words, k) => h("span", {}, h("i", { style: `background:var(--error-${k})` }), words));
  return h("div", { class: "ln-key" }, h("span", {}, "relative error"), ...levels, h("span", {}, "× wrong"));
}

// --------------------------------------------------------------------------------------------- one element
function choose(g, input, cell, curve) {
  if (cell >= 0) {
    input.at = cell;
    if (g.chosen?.input === input && g.chosen.cell === cell && g.shown === input.cells) return;
    g.chosen = { input, cell };
    g.shown = input.cells;
    const flat = input.places[cell];
    curve ??= input.curves.find((one) => one.index.join() === flat);
    const analytic = input.analytic[cell], numeric = input.numeric[cell], error = input.error[cell];
    const verdict = input.kinks[cell] ? (input.agree[cell] ? "✓ on a kink" : "✗ on a kink") : input.agree[cell] ? "✓ agrees" : "✗ wrong";
    g.element.replaceChildren(
      h("div", {}, h("b", {}, placeOf(input, cell)), " ", h("span", { class: input.agree[cell] ? "ln-right" : "ln-wrong" }, verdict)),
      h("table", {}, h("tr", {}, ...["analytic", "numeric", "relative error"].map((name) => h("th", { scope: "col" }, name))),
        h("tr", {}, ...[number(analytic, 6), number(numeric, 6), number(error, 3)].map((value) => h("td", {}, value)))));
  }
  curve ??= input.curves.includes(g.curve) ? g.curve : input.curves[0];
  if (curve && curve !== g.curve) g.plot.show(curve);
  g.v.soon();
}

// --------------------------------------------------------------------------------------------- the step
function stepPlot(g) {
  const said = h("div"), key = h("div", { class: "ln-key" }), under = h("output", { class: "ln-muted" });
  let near = null, frame = null, lines = [];
  const draw = (pen, w, t, c) => (frame = drawSteps(pen, w, t, c, g.curve, lines, near));
  const node = canvas(g.v, { width: 400, height: 262, label: "", draw, tabindex: 0, role: "application", class: "ln-steps",
    "aria-roledescription": "plot, left and right arrows move along the steps",
    onkeydown: (event) => {
      const by = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      look(clamp((near ?? 10) + by, 0, STEPS.length - 1));
    } });
  const look = (k) => {
    near = k;
    const errors = lines.map(({ name, error }) => `${name}: ${number(error[k], 3)}`);
    under.textContent = `step ${number(STEPS[k], 3)} · ${errors.join(" · ")}`;
    g.v.soon();
  };
  pointer(node, { hover: (x) => frame && look(clamp(Math.round(-2 * (Math.log10(frame.x(x)) + 1)), 0, STEPS.length - 1)), down: () => false });
  const show = (curve) => {
    g.curve = curve;
    near = null;
    lines = curve.lines.map((line) => ({ ...line, error: array(line.error) }));
    g.guides = curve.guides.map((guide) => ({ ...guide, steps: array(guide.steps), error: array(guide.error) }));
    node.setAttribute("aria-label", `relative error against the step, for ${curve.place}. ${curve.said[0]}`);
    key.replaceChildren(...lines.map(({ colour, name }) => h("span", {}, h("i", { style: `background:var(--${colour})` }), name)));
    under.textContent = "";
    said.replaceChildren(...curve.said.map((sentence, k) => h("p", { class: k ? "ln-muted" : "" }, sentence)));
    g.v.soon();
  };
  function drawSteps(pen, w, t, c, curve, lines, near) {
    if (!curve) return null;
    const box = { x: 58, y: 22, w: w - 70, h: t - 60 };
    const a = axes(pen, box, [STEPS.at(-1), STEPS[0]], curve.span, c, { log: "xy", xlabel: "step h", title: `relative error, for ${curve.place}` });
    pen.save();
    pen.beginPath();
    pen.rect(box.x, box.y, box.w, box.h);
    pen.clip();
    for (const { words, steps, error } of g.guides) {
      const points = [...steps].map((step, k) => [a.X(step), a.Y(error[k])]), inside = points.filter(([, y]) => y > box.y + 12 && y < box.y + box.h);
      stroke(pen, points, c.muted, 1.2, [5, 4]);
      const [x, y] = inside[Math.floor(inside.length / 2)] ?? [];
      pen.fillStyle = c.muted;
      pen.textAlign = words === "∝ h²" ? "right" : "left";
      if (x !== undefined) pen.fillText(words, x + (words === "∝ h²" ? -6 : 6), y - 3);
    }
    pen.restore();
    for (const { colour, error } of lines) {
      const points = STEPS.map((step, k) => [a.X(step), clamp(a.Y(error[k]), box.y, box.y + box.h)]);
      stroke(pen, points, c[colour], 1.8);
      for (const [x, y] of points) if (Number.isFinite(y)) mark(pen, 0, x, y, 2.2, c[colour], c.paper);
    }
    const used = a.X(curve.used);
    stroke(pen, [[used, box.y], [used, box.y + box.h]], c.ink, 1.2, [5, 4]);
    pen.fillStyle = c.ink;
    pen.textAlign = "left";
    pen.fillText("step used", used + 5, box.y + 14);
    if (near !== null) stroke(pen, [[a.X(STEPS[near]), box.y], [a.X(STEPS[near]), box.y + box.h]], c["input-edge"], 1);
    return a;
  }
  return { node: h("div", { class: "ln-stepping" }, node, h("div", { class: "ln-under" }, under), key, said), show };
}
