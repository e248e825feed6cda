// A race of optimizers: their paths on the map up to the present step, heights against steps, and who is ahead.
// With a kernel the start and the learning rates are python's to answer; without, some starts have been walked before.
const GLYPHS = ["●", "▲", "■", "◆", "▼"];

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title);
  const { names, colours, minima } = v.state, hills = ground(v.state.terrain), [[x0, x1], [y0, y1]] = hills.ends;
  const kept = { starts: couples(array(v.state.starts)), paths: array(v.state.elsewhere), above: array(v.state.elsewhereAbove) };
  let run = unpack(v.state), step = 0, plot = null, waiting = false, wanted = null, hidden = new Set();
  const own = run;

  // ------------------------------------------------------------------------------------------------ the map
  const inside = ([x, y]) => x >= x0 && x <= x1 && y >= y0 && y <= y1;
  const map = canvas(v, { width: 470, height: 430, tabindex: 0, class: "ln-race-map", style: "max-width:470px;aspect-ratio:470/430",
    label: "map with the paths of all optimizers; drag the start, or move it with the arrow keys",
    draw: (pen, w, t, c) => {
      plot = drawHills(pen, { x: 54, y: 10, w: w - 66, h: t - 54 }, hills, c);
      pen.save();
      pen.beginPath();
      pen.rect(plot.box.x, plot.box.y, plot.box.w, plot.box.h);
      pen.clip();
      const place = ([x, y]) => [plot.X(x), plot.Y(y)];
      if (!v.kernel) for (const other of kept.starts) ring(pen, place(other), 3, c.muted, 1);
      pen.font = `bold 15px ${getComputedStyle(v.root).fontFamily}`;
      pen.textAlign = "center";
      pen.fillStyle = c.ink;
      for (const m of minima) pen.fillText("✕", plot.X(m[0]), plot.Y(m[1]) + 5);
      run.paths.forEach((path, k) => {
        if (hidden.has(k)) return;
        const walked = path.slice(0, step + 1).map(place);
        pen.globalAlpha = 0.8;
        stroke(pen, walked, c.paper, 3.6);
        pen.globalAlpha = 1;
        stroke(pen, walked, colours[k], 1.8);
      });
      run.paths.forEach((path, k) => !hidden.has(k) && Number.isFinite(path[step][0]) && mark(pen, k, ...place(path[step]), 6, colours[k], c.paper));
      ring(pen, place(wanted ?? run.start), 6, c.ink, 2.2, c.paper);
      pen.restore();
    } });
  const begin = (x, y) => {
    const place = [clamp(x, x0, x1), clamp(y, y0, y1)];
    if (v.kernel) return ask(place);
    if (!kept.starts.length) return v.say("The start can be moved where a kernel runs: open this in JupyterLab, Notebook or VS Code.");
    const far = (p) => Math.hypot((p[0] - place[0]) / (x1 - x0), (p[1] - place[1]) / (y1 - y0));
    const best = [own.start, ...kept.starts].reduce((a, b) => (far(b) < far(a) ? b : a)), j = kept.starts.indexOf(best);
    run = j < 0 ? own : elsewhere(j);
    tell();
  };
  // One question at a time: while python runs, only the last place that was wished for is remembered.
  const ask = (place) => {
    wanted = place;
    v.soon();
    if (waiting) return;
    waiting = true;
    v.send({ type: "start", x: place[0], y: place[1] });
  };
  const elsewhere = (j) => {
    const S = kept.starts.length, T = v.state.paths.shape[1];
    const paths = names.map((_, k) => couples(kept.paths.subarray((k * S + j) * T * 2, (k * S + j + 1) * T * 2)));
    return { ...run, start: kept.starts[j], paths, above: names.map((_, k) => kept.above.subarray((k * S + j) * T, (k * S + j + 1) * T)) };
  };
  pointer(map, {
    down: (px, py) => (map.focus({ preventScroll: true }), begin(plot.x(px), plot.y(py)), true),
    move: (px, py) => begin(plot.x(px), plot.y(py)),
    hover: (px, py) => (map.style.cursor = inside([plot.x(px), plot.y(py)]) ? "grab" : "default"),
  });
  map.addEventListener("keydown", (event) => {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (!(event.key in ways)) return;
    const [x, y] = wanted ?? run.start, far = v.kernel ? 0.02 : 0.21;
    begin(x + ways[event.key][0] * far * (x1 - x0), y + ways[event.key][1] * far * (y1 - y0));
    event.preventDefault();
    event.stopPropagation();
  });

  // ------------------------------------------------------------------------------------------------ heights
  const curves = canvas(v, { width: 470, height: 230, class: "ln-race-curves", style: "max-width:470px;aspect-ratio:470/230", label: "height above the lowest known place, against steps",
    draw: (pen, w, t, c) => {
      const heights = run.above.map((line) => Array.from(line)), found = heights.flat().filter(Number.isFinite);
      const top = Math.max(...heights.map((line) => line[0]), 10 * Math.min(...found));
      const chart = axes(pen, { x: 58, y: 22, w: w - 70, h: t - 60 }, [0, heights[0].length - 1], [Math.min(...found) * 0.7, top * 4], c, { xlabel: "step", title: "height above the lowest known place", log: "y" });
      heights.forEach((line, k) => !hidden.has(k) && stroke(pen, line.map((h, i) => [chart.X(i), Math.max(chart.Y(h), chart.box.y)]), colours[k], 1.6));
      stroke(pen, [[chart.X(step), chart.box.y], [chart.X(step), chart.box.y + chart.box.h]], c.muted, 1, [4, 4]);
      heights.forEach((line, k) => !hidden.has(k) && Number.isFinite(line[step]) && mark(pen, k, chart.X(step), Math.max(chart.Y(line[step]), chart.box.y), 4.5, colours[k], c.paper));
      curves.chart = chart;
    } });
  const jump = (px) => bar.show(Math.round(curves.chart.x(px)));
  pointer(curves, { down: (px) => (bar.pause(), jump(px), true), move: jump });

  // ------------------------------------------------------------------------------------------------ who is ahead
  const table = h("table", { class: "ln-race-table" }), rates = h("div", { class: "ln-row" });
  const near = (place) => Math.min(...minima.map((m) => Math.hypot(m[0] - place[0], m[1] - place[1])));
  const order = () => names.map((_, k) => k).sort((a, b) => rank(run.above[a][step]) - rank(run.above[b][step]));
  const rank = (height) => (Number.isFinite(height) ? height : Infinity);
  const head = h("tr", {}, h("th", {}, "ahead"), h("th", {}, "height above"), minima.length ? h("th", {}, "from a minimum") : null);
  const rowOf = (k) => {
    const height = run.above[k][step], out = !Number.isFinite(height);
    const name = h("td", {}, h("span", { style: `color:${colours[k]}`, "aria-hidden": "true" }, GLYPHS[k % GLYPHS.length]), ` ${names[k]}`);
    return h("tr", {}, name, h("td", {}, out ? "lost" : number(height, 3)), minima.length ? h("td", {}, out ? "" : number(near(run.paths[k][step]), 3)) : null);
  };
  const tell = () => {
    const places = order();
    table.replaceChildren(head, ...places.map(rowOf));
    const first = places[0], start = `from (${number(run.start[0], 3)}, ${number(run.start[1], 3)})`;
    const tied = names.length > 1 && run.above[places[0]][step] === run.above[places[1]][step];
    v.say(`step ${step} ${start}: ${tied ? "nobody is ahead" : `${names[first]} is ahead, ${number(run.above[first][step], 3)} above the lowest known place`}`);
    v.soon();
  };
  const bar = playbar(v, { length: run.paths[0].length, fps: 20, name: "step", label: (i) => `step ${i} of ${run.paths[0].length - 1}`, go: (i) => ((step = i), tell()) });

  // ------------------------------------------------------------------------------------------------ controls
  const dials = names.map((name, k) => {
    const see = check("", true, (on) => (on ? hidden.delete(k) : hidden.add(k), v.soon()), { "aria-label": `show ${name}` });
    const glyph = h("span", { style: `color:${colours[k]}`, "aria-hidden": "true" }, GLYPHS[k % GLYPHS.length]);
    if (run.rates[k] === null) return h("div", { class: "ln-dial" }, see, glyph, h("span", {}, name));
    const turn = (p) => v.send({ type: "rate", k, rate: 10 ** p });
    const dial = slider(name, { min: -5, max: 1, step: 0.05, value: Math.log10(run.rates[k]), format: (p) => number(10 ** p, 2), oninput: turn, disabled: !v.kernel, "aria-label": `learning rate of ${name}` });
    dial.prepend(glyph);
    return h("div", { class: "ln-dial" }, see, dial);
  });
  const words = v.kernel ? "Learning rates. Drag the ○ on the map to start elsewhere."
    : kept.starts.length ? "Learning rates (python turns them: run this in a notebook). Drag the ○ on the map to another start." : "Learning rates (python turns them, and moves the start: run this in a notebook).";
  v.add(bar, columns(h("div", { class: "ln-race-pane" }, map, h("div", { class: "ln-key" }, h("span", {}, "○ start"), minima.length ? h("span", {}, "✕ minimum") : null, v.kernel || !kept.starts.length ? null : h("span", {}, "∘ other starts"))),
    h("div", { class: "ln-race-pane" }, curves, table), h("div", { class: "ln-race-pane" }, h("p", { class: "ln-muted" }, words), ...dials)));
  v.frames((frame) => {
    if (!frame.paths) return;
    run = unpack(frame);
    waiting = false;
    const again = wanted;
    wanted = null;
    if (again && Math.hypot(again[0] - run.start[0], again[1] - run.start[1]) > 1e-6 * (x1 - x0)) ask(again);
    bar.resize(run.paths[0].length);
  });
  bar.show(run.paths[0].length - 1);
  const stop = v.stop;
  return () => (bar.pause(), stop());
}

const couples = (flat) => Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);

// What python sent of a run: a path and its heights for each optimizer.
function unpack(frame) {
  const flat = array(frame.paths), [K, T] = flat.shape, above = array(frame.above);
  const paths = Array.from({ length: K }, (_, k) => couples(flat.subarray(k * T * 2, (k + 1) * T * 2)));
  return { start: Array.from(array(frame.start)), rates: frame.rates, paths, above: paths.map((_, k) => above.subarray(k * T, (k + 1) * T)) };
}

function ground(packed) {
  const xs = array(packed.xs), ys = array(packed.ys), values = array(packed.values), [lo, hi] = packed.span;
  const up = (value) => Math.log10(value - packed.floor), shades = values.map((value) => {
    const shade = (up(value) - up(lo)) / (up(hi) - up(lo) || 1);
    return Number.isFinite(shade) ? clamp(shade, 0, 1) : 1;
  });
  return { xs, ys, lo, hi, shades, ends: [[xs[0], xs.at(-1)], [ys[0], ys.at(-1)]], lines: couples(array(packed.lines.log)) };
}

function drawHills(pen, box, g, c) {
  const half = [box.w / (g.xs.length - 1) / 2, box.h / (g.ys.length - 1) / 2];
  pen.save();
  pen.beginPath();
  pen.rect(box.x, box.y, box.w, box.h);
  pen.clip();
  heat(pen, g.shades, g.ys.length, g.xs.length, { x: box.x - half[0], y: box.y - half[1], w: box.w + 2 * half[0], h: box.h + 2 * half[1] }, (shade) => c.sequential(0.55 * shade), { smooth: true, up: true });
  pen.restore();
  const plot = axes(pen, box, ...g.ends, c, { xlabel: "x", ylabel: "y", grid: false });
  pen.globalAlpha = 0.4;
  stroke(pen, g.lines.map(([x, y]) => [plot.X(x), plot.Y(y)]), c.ink, 0.8);
  pen.globalAlpha = 1;
  return plot;
}

function ring(pen, [x, y], r, colour, width, fill) {
  pen.beginPath();
  pen.arc(x, y, r, 0, 2 * Math.PI);
  if (fill) (pen.fillStyle = fill, pen.fill());
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}
