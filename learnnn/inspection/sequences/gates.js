// Gates: heat maps of units over time, one unit's curves, and how far back a gradient reaches.
const SQUASHED = new Set(["input", "forget", "output", "reset", "update"]);
const DASHES = { input: [], forget: [6, 3], output: [2, 3], candidate: [9, 3, 2, 3], cell: [], hidden: [6, 3], reset: [], update: [6, 3] };

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title), { state } = v;
  let passes = [], names = [], n = 0, only = "all", unit = 0, t = 0, sorted = false, order = [];

  function learn(frame) {
    names = frame.names;
    passes = frame.passes.map((p) => ({ ...p,
      gates: Object.fromEntries(Object.entries(p.gates).map(([gate, packed]) => [gate, array(packed)])),
      lines: Object.fromEntries(Object.entries(p.lines).map(([name, packed]) => [name, array(packed)])) }));
    bar?.resize(names.length);
    open(Math.min(n, passes.length - 1));
  }
  const pass = () => passes[n];
  const units = () => Object.values(pass().gates)[0].shape[1];
  const value = (gate, step, u) => pass().gates[gate][step * units() + u];
  const most = (gate) => pass().gates[gate].reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
  const tone = (c, gate) => { const top = most(gate); return SQUASHED.has(gate) ? c.sequential : (x) => c.diverging(x / top); };
  const shown = () => Object.keys(pass().gates).filter((gate) => only === "all" || gate === only || !(only in pass().gates));

  function open(k) {
    n = k;
    unit = clamp(unit, 0, units() - 1);
    arrange();
  }
  function arrange() { // units by the step at which their hidden state is largest
    const peak = (u) => { let best = 0; for (let s = 0; s < names.length; s++) if (Math.abs(value("hidden", s, u)) > Math.abs(value("hidden", best, u))) best = s; return best; };
    order = Array.from({ length: units() }, (_, u) => u);
    if (sorted) { const peaks = order.map(peak); order.sort((a, b) => peaks[a] - peaks[b]); }
    tell();
    v.soon();
  }
  function tell() {
    const all = Object.keys(pass().gates).map((gate) => `${gate} ${number(value(gate, t, unit), 3)}`);
    v.say(`Unit ${unit} at step ${t}, “${names[t]}”: ${all.join(", ")}`);
  }
  function at(u, step) {
    unit = clamp(u, 0, units() - 1);
    step === t ? (tell(), v.soon()) : bar.show(step);
  }

  // ---------------------------------------------------------------- heat maps
  const LEFT = 4, TOP = 20;
  const maps = h("canvas", { tabindex: 0, role: "img", "aria-label": "gates: units down, steps across; arrow keys choose" });
  const panel = () => { const rows = units(), each = only === "all" ? 62 : 260; return clamp(rows * (only === "all" ? 4 : 14), 26, each); };
  v.paint((c) => {
    const gates = shown(), w = Math.min(Math.max(240, maps.parentNode.clientWidth || 480), 620), high = panel(), tall = gates.length * (high + TOP) + 22, scale = window.devicePixelRatio || 1;
    Object.assign(maps.style, { width: `${w}px`, height: `${tall}px` });
    Object.assign(maps, { width: w * scale, height: tall * scale });
    const pen = maps.getContext("2d"), font = getComputedStyle(v.root).fontFamily, wide = w - LEFT - 4, each = wide / names.length, row = order.indexOf(unit);
    pen.scale(scale, scale);
    gates.forEach((gate, g) => {
      const y = g * (high + TOP) + TOP - 2, sheet = new Float32Array(units() * names.length);
      order.forEach((u, r) => { for (let s = 0; s < names.length; s++) sheet[r * names.length + s] = value(gate, s, u); });
      pen.fillStyle = c.ink;
      pen.font = `600 12px ${font}`;
      pen.fillText(gate, LEFT, y - 5);
      const after = LEFT + pen.measureText(gate).width + 10;
      pen.fillStyle = c.muted;
      pen.font = `11.5px ${font}`;
      pen.fillText(SQUASHED.has(gate) ? "0 to 1" : `orange −${number(most(gate), 2)}, blue ${number(most(gate), 2)}`, after, y - 5);
      heat(pen, sheet, units(), names.length, { x: LEFT, y, w: wide, h: high }, tone(c, gate));
      pen.strokeStyle = c.edge;
      pen.lineWidth = 1;
      pen.strokeRect(LEFT, y, wide, high);
      for (const [colour, line] of [[c.paper, 4], [c.wrong, 2]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = line;
        pen.strokeRect(LEFT + t * each, y + (row * high) / units(), each, Math.max(high / units(), 3));
      }
    });
    pen.textAlign = "center";
    pen.font = `12px ${font}`;
    const every = Math.ceil((Math.max(...names.map((name) => pen.measureText(name).width)) + 4) / each);
    names.forEach((name, s) => {
      if (s % every && s !== t) return;
      if (s !== t && Math.abs(s - t) < every) return;
      pen.fillStyle = s === t ? c.ink : c.muted;
      pen.font = `${s === t ? "600 " : ""}12px ${font}`;
      pen.fillText(name, clamp(LEFT + (s + 0.5) * each, 8, w - 8), tall - 7);
    });
  });
  const under = (x, y) => {
    const high = panel(), wide = maps.clientWidth - LEFT - 4, inside = y % (high + TOP) - TOP + 2;
    if (inside < 0 || inside > high) return;
    at(order[clamp(Math.floor((inside / high) * units()), 0, units() - 1)], clamp(Math.floor(((x - LEFT) / wide) * names.length), 0, names.length - 1));
  };
  pointer(maps, { down: (x, y) => (bar.pause(), under(x, y), true), move: under });
  maps.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!steps) return;
    event.preventDefault();
    event.stopPropagation();
    at(order[clamp(order.indexOf(unit) + steps[0], 0, units() - 1)], clamp(t + steps[1], 0, names.length - 1));
  });

  // ---------------------------------------------------------------- one unit over time
  const curves = canvas(v, { width: 380, height: 260, label: "the gates of the chosen unit over time", draw(pen, w, tall, c) {
    const gates = shown(), all = gates.flatMap((gate) => names.map((_, s) => value(gate, s, unit))), colours = [c.classes[0], c.classes[5], c.classes[2], c.classes[3], c.ink, c.classes[1]];
    const a = axes(pen, { x: 38, y: 22, w: w - 46, h: tall - 58 }, [0, Math.max(1, names.length - 1)], [Math.min(0, ...all), Math.max(1, ...all)], c, { title: `unit ${unit} over time`, xlabel: "step" });
    gates.forEach((gate, g) => stroke(pen, names.map((_, s) => [a.X(s), a.Y(value(gate, s, unit))]), colours[g % 6], 1.8, DASHES[gate]));
    stroke(pen, [[a.X(t), a.box.y], [a.X(t), a.box.y + a.box.h]], c.wrong, 1.5, [3, 3]);
  } });
  const table = h("table");
  v.paint((c) => {
    const colours = [c.classes[0], c.classes[5], c.classes[2], c.classes[3], c.ink, c.classes[1]];
    table.replaceChildren(...shown().map((gate, g) => h("tr", {}, h("th", {}, s("svg", { width: 34, height: 10 }, s("line", { x1: 0, x2: 34, y1: 5, y2: 5, stroke: colours[g % 6], "stroke-width": 2, "stroke-dasharray": DASHES[gate].join(" ") }))),
      h("th", {}, gate), h("td", {}, number(value(gate, t, unit), 3)))));
  });

  // ---------------------------------------------------------------- the gradient on its way back
  const fading = canvas(v, { width: 380, height: 220, label: "the length of the gradient at each step", draw(pen, w, tall, c) {
    const lines = Object.entries(pass().lines), found = lines.flatMap(([, line]) => [...line]).filter((x) => x > 0), lo = Math.min(...found, 1), hi = Math.max(...found);
    const ends = [10 ** Math.floor(Math.log10(lo)), 10 ** Math.ceil(Math.log10(hi) + 1e-9)];
    const a = axes(pen, { x: 58, y: 22, w: w - 66, h: tall - 58 }, [0, Math.max(1, names.length - 1)], ends, c, { log: "y", xlabel: "step", title: "gradient of the last step, on its way back" });
    lines.forEach(([, line], k) => stroke(pen, Array.from(line, (x, s) => [a.X(s), x > 0 ? a.Y(x) : NaN]), k ? c.wrong : c["input-edge"], 2, k ? [5, 4] : []));
    stroke(pen, [[a.X(t), a.box.y], [a.X(t), a.box.y + a.box.h]], c.wrong, 1.5, [3, 3]);
  } });
  const fade = h("div", { class: "ln-muted" });
  v.paint(() => {
    const { lines, backwards } = pass(), last = backwards ? 0 : names.length - 1, at = (line) => `${number(line[t], 3)} (${number((100 * line[t]) / line[last], 3)}% of the last)`;
    fade.textContent = `solid: in the hidden state${lines.cell ? ", dashed: in the cell" : ""}. At step ${t}: ${at(lines["hidden state"])}${lines.cell ? `, cell ${number(lines.cell[t], 3)}` : ""}`;
  });

  const which = state.passes.map((p, k) => [k, p.units > array(Object.values(p.gates)[0]).shape[1] ? `${p.name} (the first ${array(Object.values(p.gates)[0]).shape[1]} of ${p.units} units)` : p.name]);
  const pickLayer = choice("layer", which, 0, (k) => open(k));
  const pickGate = choice("gate", ["all", ...new Set(state.passes.flatMap((p) => Object.keys(p.gates)))], only, (gate) => ((only = gate), v.soon()));
  let bar;
  bar = playbar(v, { length: state.names.length, fps: 6, name: "time", label: (i) => `step ${i}: ${names[i] ?? ""}`, go: (i) => ((t = i), passes.length && tell()) });
  v.add(row(pickLayer, pickGate, check("sort units by when they are strongest", false, (on) => ((sorted = on), arrange()))), bar,
    columns(h("div", { class: "ln-gates" }, maps), h("div", { class: "ln-curves" }, curves, table, fading, fade)));
  v.frames(learn);
  learn(state);
  bar.show(names.length - 1);
  return v.stop;
}
