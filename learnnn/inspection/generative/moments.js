// Samples at several moments: points on a plane or images, one moment after the other, with the numbers of each.
function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title);
  const { shading } = v.state, show = { shades: true, arrows: true, trails: false, density: false, real: true };
  let film = develop(v.state), at = Math.max(0, film.labels.length - 1), charts = 0;

  // ------------------------------------------------------------------------------------------------ the panels
  const panes = h("div", { class: "ln-columns" }), foot = h("div");
  const build = () => {
    const draw = (p) => (pen, w, t, c) => (film.points ? drawPoints(pen, w, t, film, film.panels[p], at, show, c) : drawImages(pen, w, t, film.panels[p].samples, at, c));
    const sheets = film.panels.map((panel, p) => pane(panel.name, draw(p)));
    if (!film.points && film.real) sheets.push(pane("real", (pen, w, t, c) => drawImages(pen, w, t, film.real, 0, c)));
    charts = rows().length;
    panes.replaceChildren(...sheets, ...(charts ? [numbers()] : []));
    foot.replaceChildren(...(film.points ? [options(), key()] : []));
  };
  const shape = () => [film.points, film.panels.length, !!film.panels[0].shades, rows().length].join();
  const pane = (name, draw) => h("div", { class: "ln-moment" }, h("div", { class: "ln-muted" }, name),
    canvas(v, { width: 380, height: 380, style: "max-width:380px;aspect-ratio:1", label: `${name}, at the chosen moment`, draw }));

  // ------------------------------------------------------------------------------------------------ the numbers
  let chart = null;
  const rows = () => {
    const groups = new Map();
    for (const [name, line] of Object.entries(film.numbers)) {
      const [title, words] = name.split(": ");
      if (line.some((x) => x !== null)) groups.set(title, [...(groups.get(title) ?? []), [words ?? "", line]]);
    }
    return [...groups].slice(0, 5);
  };
  const numbers = () => {
    const height = Math.min(380, 140 * charts), label = "numbers of each moment; click for the moment";
    const lines = canvas(v, { width: 380, height, style: `max-width:380px;aspect-ratio:380/${height}`, label, draw: (pen, w, t, c) => (chart = drawNumbers(pen, w, t, rows(), film.labels.length, at, c)) });
    pointer(lines, { down: (x) => (bar.pause(), jump(x), true), move: jump });
    return h("div", { class: "ln-moment ln-numbers" }, h("div", { class: "ln-muted" }, "numbers"), lines);
  };
  const jump = (x) => chart && bar.show(Math.round(chart(x)));

  // ------------------------------------------------------------------------------------------------ controls
  const tell = () => {
    if (!film.labels.length) return v.say("Nothing is recorded yet: the film begins when the training does.");
    const told = Object.entries(film.numbers).filter(([, line]) => line[at] !== null).map(([name, line]) => `${name} ${number(line[at], 3)}`);
    v.say([film.labels[at], ...told].join(" · "));
  };
  const bar = playbar(v, { length: Math.max(1, film.labels.length), at, fps: 8, name: "moment", label: (i) => film.labels[i] ?? "nothing yet", go: (i) => ((at = i), tell()) });
  const option = (name, words) => check(words, show[name], (on) => ((show[name] = on), v.soon()));
  const options = () => row(film.real ? option("real", "real points") : null, film.panels[0].shades ? option("shades", "belief of the discriminator") : null,
    film.panels.some((panel) => panel.arrows) ? option("arrows", "score") : null, option("trails", "movement since the last moment"), option("density", "density of what is made"));
  const key = () => h("div", { class: "ln-key" }, ...film.panels.map((p) => h("span", {}, h("i", { style: `background:var(--${p.colour});border-radius:50%` }), p.name)),
    film.real ? h("span", {}, h("i", { style: "border:1.5px solid var(--muted);border-radius:50%" }), "real") : null, shading ? h("span", {}, shading) : null);
  v.add(bar, panes, foot);
  v.frames((frame) => {
    if (!frame.panels) return;
    const follow = at >= film.labels.length - 1, form = shape();
    film = develop(frame);
    if (shape() !== form) build();
    bar.resize(Math.max(1, film.labels.length));
    if (follow) bar.show(film.labels.length - 1);
  });
  build();
  bar.show(at);
  const stop = v.stop;
  return () => (bar.pause(), stop());
}

function develop(state) {
  const open = (packed) => (packed ? array(packed) : null);
  const panels = state.panels.map((p) => ({ name: p.name, samples: array(p.samples), shades: open(p.shades), arrows: open(p.arrows), colour: p.colour }));
  return { points: state.points, labels: state.labels, numbers: state.numbers, panels, real: open(state.real), places: array(state.places), extent: state.extent };
}

// The k-th part of an array along its first axis.
function nth(values, k) {
  const size = values.shape.slice(1).reduce((a, b) => a * b, 1);
  return values.subarray(k * size, (k + 1) * size);
}

// ---------------------------------------------------------------------------------------------------- points
function drawPoints(pen, w, t, film, panel, at, show, c) {
  const [x0, x1, y0, y1] = film.extent, box = { x: 34, y: 8, w: w - 42, h: t - 34 }, made = panel.samples.length ? nth(panel.samples, at) : [];
  pen.save();
  pen.beginPath();
  pen.rect(box.x, box.y, box.w, box.h);
  pen.clip();
  if (panel.shades && show.shades && panel.samples.length) {
    const side = panel.shades.shape[1];
    heat(pen, nth(panel.shades, at), side, side, box, (s) => c.diverging(0.4 * (s / 127.5 - 1)), { smooth: true, up: true });
  }
  if (show.density && made.length) drawDensity(pen, made, film.extent, box, c);
  pen.restore();
  const plot = axes(pen, box, [x0, x1], [y0, y1], c, { grid: false }), place = (flat, i) => [plot.X(flat[2 * i]), plot.Y(flat[2 * i + 1])];
  pen.save();
  pen.beginPath();
  pen.rect(box.x, box.y, box.w, box.h);
  pen.clip();
  if (film.real && show.real) for (let i = 0; i < film.real.length / 2; i++) circle(pen, place(film.real, i), 3, c.muted);
  if (show.trails && at > 0) {
    const before = nth(panel.samples, at - 1);
    pen.globalAlpha = 0.6;
    for (let i = 0; i < made.length / 2; i++) stroke(pen, [place(before, i), place(made, i)], c[panel.colour], 1);
    pen.globalAlpha = 1;
  }
  if (!show.density) for (let i = 0; i < made.length / 2; i++) mark(pen, 0, ...place(made, i), 3, c[panel.colour], c.paper);
  if (panel.arrows && show.arrows) drawArrows(pen, film.places, nth(panel.arrows, at), plot, x1 - x0, c);
  pen.restore();
}

function circle(pen, [x, y], r, colour) {
  pen.beginPath();
  pen.arc(x, y, r, 0, 2 * Math.PI);
  pen.strokeStyle = colour;
  pen.lineWidth = 1.1;
  pen.stroke();
}

// Where samples are dense: a small bell on each, summed on a grid.
function drawDensity(pen, flat, [x0, x1, y0, y1], box, c) {
  const side = 56, width = 1.6, sums = new Float32Array(side * side);
  for (let i = 0; i < flat.length / 2; i++) {
    const u = ((flat[2 * i] - x0) / (x1 - x0)) * side - 0.5, w = ((flat[2 * i + 1] - y0) / (y1 - y0)) * side - 0.5;
    for (let r = Math.max(0, Math.ceil(w - 5)); r <= Math.min(side - 1, w + 5); r++)
      for (let k = Math.max(0, Math.ceil(u - 5)); k <= Math.min(side - 1, u + 5); k++) sums[r * side + k] += Math.exp(-((u - k) ** 2 + (w - r) ** 2) / (2 * width * width));
  }
  const top = Math.max(...sums) || 1;
  heat(pen, sums, side, side, box, (s) => c.sequential(s / top), { smooth: true, up: true });
}

// As long as the square root of the score; the longest is as long as the places are apart.
function drawArrows(pen, places, ways, plot, span, c) {
  const n = places.length / 2;
  let longest = 0;
  for (let i = 0; i < n; i++) longest = Math.max(longest, Math.hypot(ways[2 * i], ways[2 * i + 1]));
  const reach = span / Math.sqrt(n) / Math.sqrt(longest || 1);
  pen.globalAlpha = 0.7;
  for (let i = 0; i < n; i++) {
    const unit = reach / Math.sqrt(Math.hypot(ways[2 * i], ways[2 * i + 1]) || 1);
    const from = [plot.X(places[2 * i]), plot.Y(places[2 * i + 1])], to = [plot.X(places[2 * i] + unit * ways[2 * i]), plot.Y(places[2 * i + 1] + unit * ways[2 * i + 1])];
    const dx = 0.3 * (to[0] - from[0]), dy = 0.3 * (to[1] - from[1]);
    stroke(pen, [from, to, [to[0] - dx + 0.6 * dy, to[1] - dy - 0.6 * dx], to, [to[0] - dx - 0.6 * dy, to[1] - dy + 0.6 * dx]], c.ink, 1);
  }
  pen.globalAlpha = 1;
}

// ---------------------------------------------------------------------------------------------------- images
// A square of tiles. `images` is (T, n, H, W, C), or (n, H, W, C) where nothing changes.
function drawImages(pen, w, t, images, at, c) {
  const moving = images.shape.length === 5, [n, H, W, C] = images.shape.slice(-4), flat = moving ? nth(images, at) : images;
  if (!n || !flat.length) return;
  const across = Math.ceil(Math.sqrt(n)), width = across * (W + 1) - 1, sheet = new ImageData(width, across * (H + 1) - 1);
  for (let i = 0; i < n; i++)
    for (let y = 0; y < H; y++)
      for (let x = 0; x < W; x++) {
        const from = ((i * H + y) * W + x) * C, to = 4 * ((Math.floor(i / across) * (H + 1) + y) * width + (i % across) * (W + 1) + x);
        const colour = C === 3 ? flat.subarray(from, from + 3) : c.sequential(flat[from] / 255);
        for (let k = 0; k < 3; k++) sheet.data[to + k] = colour[k];
        sheet.data[to + 3] = 255;
      }
  const page = new OffscreenCanvas(sheet.width, sheet.height), size = Math.min(w / sheet.width, t / sheet.height);
  page.getContext("2d").putImageData(sheet, 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(page, 0, 0, sheet.width * size, sheet.height * size);
}

// ---------------------------------------------------------------------------------------------------- numbers
// A small chart for each group, one below the other -> from a pixel to a moment.
function drawNumbers(pen, w, t, rows, length, at, c) {
  const left = 54, each = t / rows.length, colours = [c["input-edge"], c.wrong, c["parameter-edge"], c.muted];
  let plot = null;
  rows.forEach(([title, lines], k) => {
    const found = lines.flatMap(([, line]) => line).filter((x) => x !== null), lo = Math.min(...found), hi = Math.max(...found), room = 0.08 * (hi - lo || Math.abs(hi) || 1);
    const box = { x: left, y: k * each + 20, w: w - left - 8, h: each - 32 };
    plot = axes(pen, box, [0, Math.max(length - 1, 1)], [lo - room, hi + room], c, { bare: true, title });
    pen.fillStyle = c.muted;
    pen.textAlign = "right";
    for (const value of lo === hi ? [lo] : [lo, hi]) pen.fillText(number(value, 3), left - 6, plot.Y(value) + 4);
    stroke(pen, [[plot.X(at), box.y], [plot.X(at), box.y + box.h]], c.muted, 1, [4, 4]);
    let x = left + pen.measureText(title).width + 10;
    lines.forEach(([words, line], j) => {
      const colour = colours[j % colours.length], value = line[at], dash = j % 2 ? [5, 3] : [];
      stroke(pen, line.map((y, i) => [plot.X(i), y === null ? NaN : plot.Y(y)]), colour, 1.6, dash);
      if (typeof value === "number") mark(pen, j, plot.X(at), plot.Y(value), 4, colour, c.paper);
      pen.textAlign = "left";
      pen.fillStyle = c.ink;
      if (words) (stroke(pen, [[x, box.y - 11], [x + 18, box.y - 11]], colour, 1.8, dash), (x += 23));
      const said = `${words} ${typeof value === "number" ? number(value, 3) : ""}`.trim();
      pen.fillText(said, x, box.y - 7);
      x += pen.measureText(said).width + 14;
    });
  });
  return plot?.x;
}
