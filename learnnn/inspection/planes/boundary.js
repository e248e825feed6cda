// The plane as a classifier sees it, with points that can be moved, added, painted and erased. Of the plane python sends
// three bytes a grid point (class or 255, how sure, the root of the lead; rows go up): all else is drawn and judged here.
const NEAR = 14, BRUSH = 20, PAUSE = 300; // pixels, pixels, milliseconds
const UNKNOWN = 255, leadOf = (grid, at) => (grid[at + 2] / 255) ** 2;
const HELP = "On the plane: arrows move the crosshair (Shift: further), Enter adds a point, Space takes the nearest one, which arrows then move, 1 to 9 paint it, Delete erases it, Escape lets go; Ctrl+Z undoes, Ctrl+Y does again.";

// ---------------------------------------------------------------------------------------------------- the plane
// The plane as one pixel a grid point, row 0 on top.
function shaded(grid, n, shading, c) {
  const image = new ImageData(n, n), pixels = new Uint32Array(image.data.buffer), paper = rgb(c.paper), edge = rgb(c.edge);
  const depth = shading === "none" ? 0 : (c.dark ? 0.36 : 0.48) / 255, tables = new Map();
  const pixel = ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r;
  const table = (colour) => Uint32Array.from({ length: 256 }, (_, sure) => {
    const strength = depth && 0.06 + depth * (shading === "flat" ? 150 : sure);
    return pixel(paper.map((from, p) => from + strength * (colour[p] - from)));
  });
  const stripes = [pixel(edge), pixel(paper)];
  for (let from = 0, i = 0; i < n * n; i++, from += 3) {
    const r = n - 1 - Math.floor(i / n), k = i % n, label = grid[from];
    if (label !== UNKNOWN && !tables.has(label)) tables.set(label, table(rgb(colourOf(c, label))));
    pixels[r * n + k] = label === UNKNOWN ? stripes[(r + k) % 6 < 2 ? 0 : 1] : tables.get(label)[grid[from + 1]];
  }
  const sheet = new OffscreenCanvas(n, n);
  sheet.getContext("2d").putImageData(image, 0, 0);
  return sheet;
}

// Lines between regions of the grid, by marching squares: part(i, j) is how far from grid point i to j a line lies.
// Pieces are joined where they meet, so that dashes run on; a place on an edge of the grid is known by a number. Where a
// part is NaN there is no line.
function between(path, n, region, part) {
  const places = new Map(), links = new Map();
  const link = (a, b) => (links.has(a) || links.set(a, []), links.get(a).push(b));
  const join = (a, b) => (link(a, b), link(b, a));
  for (let r = 0; r + 1 < n; r++)
    for (let k = 0; k + 1 < n; k++) {
      const a = r * n + k, b = a + 1, d = a + n, e = d + 1;
      if (region[a] === region[b] && region[a] === region[d] && region[a] === region[e]) continue;
      const ends = [];
      if (region[a] !== region[b]) (places.set(2 * a, [k + part(a, b), r]), ends.push(2 * a));
      if (region[d] !== region[e]) (places.set(2 * d, [k + part(d, e), r + 1]), ends.push(2 * d));
      if (region[a] !== region[d]) (places.set(2 * a + 1, [k, r + part(a, d)]), ends.push(2 * a + 1));
      if (region[b] !== region[e]) (places.set(2 * b + 1, [k + 1, r + part(b, e)]), ends.push(2 * b + 1));
      if (ends.some((end) => Number.isNaN(places.get(end)[0] + places.get(end)[1]))) continue;
      if (ends.length === 2) { join(...ends); continue; }
      places.set(-a - 1, [0, 1].map((p) => ends.reduce((sum, end) => sum + places.get(end)[p], 0) / ends.length));
      for (const end of ends) join(end, -a - 1);
    }
  const walk = (from) => {
    path.moveTo(...places.get(from));
    for (let to; (to = links.get(from).pop()) !== undefined; from = to) {
      const back = links.get(to);
      back.splice(back.indexOf(from), 1);
      path.lineTo(...places.get(to));
    }
  };
  const open = [...links.keys()].filter((end) => links.get(end).length !== 2);
  for (const end of [...open, ...links.keys()]) while (links.get(end).length) walk(end);
  return path;
}

// What is drawn on a grid, in units of the grid: where two classes are level, and where one is ahead by `margin`.
function linesOf(grid, n, margin) {
  const labels = new Uint8Array(n * n), lead = new Float32Array(n * n), margins = new Path2D();
  for (let i = 0; i < n * n; i++) ((labels[i] = grid[3 * i]), (lead[i] = leadOf(grid, 3 * i)));
  const border = between(new Path2D(), n, labels, (i, j) => lead[i] / Math.max(lead[i] + lead[j], 1e-9));
  const ahead = new Float32Array(n * n), clear = new Uint8Array(n * n);
  for (const k of new Set(labels)) {
    if (k === UNKNOWN) continue;
    for (let i = 0; i < n * n; i++) ((ahead[i] = labels[i] === k ? lead[i] : labels[i] === UNKNOWN ? NaN : -lead[i]), (clear[i] = ahead[i] > margin ? 1 : 0));
    between(margins, n, clear, (i, j) => (margin - ahead[i]) / (ahead[j] - ahead[i]));
  }
  return { border, margins };
}

// What the plane says at column u, row v of the grid, between its points: class, probability, lead; null where it says nothing.
function believed(grid, n, classes, u, v) {
  const k = Math.min(Math.floor(u), n - 2), r = Math.min(Math.floor(v), n - 2), x = u - k, y = v - r;
  const corners = [[0, 0, (1 - x) * (1 - y)], [1, 0, x * (1 - y)], [0, 1, (1 - x) * y], [1, 1, x * y]]
    .map(([right, up, weight]) => ({ at: 3 * ((r + up) * n + k + right), weight }));
  if (grid[corners.reduce((a, b) => (b.weight > a.weight ? b : a)).at] === UNKNOWN) return null;
  const ahead = (label) => corners.reduce((sum, { at, weight }) => sum + weight * (grid[at] === label ? 1 : -1) * leadOf(grid, at), 0);
  const found = [...new Set(corners.map(({ at }) => grid[at]))].filter((label) => label !== UNKNOWN);
  const label = found.reduce((a, b) => (ahead(b) > ahead(a) ? b : a)), lead = Math.max(0, ahead(label));
  const its = corners.filter(({ at }) => grid[at] === label), whole = its.reduce((sum, { weight }) => sum + weight, 0);
  const sure = its.reduce((sum, { at, weight }) => sum + (weight * grid[at + 1]) / 255, 0) / whole;
  return { label, lead, p: classes === 2 ? (1 + lead) / 2 : 1 / classes + sure * (1 - 1 / classes) };
}

// ---------------------------------------------------------------------------------------------------- the controls
// Buttons of which one is pressed; chosen(name) is told.
function buttons(label, names, chosen) {
  const all = names.map((name, i) => button(name, () => press(i), { "aria-pressed": String(i === 0) }));
  const press = (i) => (all.forEach((node, j) => node.setAttribute("aria-pressed", String(i === j))), chosen(names[i]));
  return h("div", { class: "ln-row", role: "group", "aria-label": label }, ...all);
}

// A little canvas beside words in the key.
function swatch(v, width, draw) {
  const node = h("canvas", { "aria-hidden": "true", style: `width:${width}px;height:16px` }), scale = window.devicePixelRatio || 1;
  v.paint((c) => {
    node.width = width * scale;
    node.height = 16 * scale;
    const pen = node.getContext("2d");
    pen.scale(scale, scale);
    draw(pen, c);
  });
  return node;
}

const colourOf = (c, k) => c.classes[k % c.classes.length];

function ring(pen, x, y, r, colour, width = 1.6) {
  pen.beginPath();
  pen.arc(x, y, r, 0, 2 * Math.PI);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

// ---------------------------------------------------------------------------------------------------- the whole
function render({ model, el }) {
  const v = view({ model, el }, model.get("state").heading), { extent: [x0, x1, y0, y1], names, features, width: classes } = v.state;
  v.root.ariaLabel ||= "decision boundary";
  let grid, n, dots = [], edits = 0, lines = null, sheet = null, status = "", waiting = false;
  let shading = "confidence", margins = v.state.graded, shown = "all", tool = "Move", label = 0;
  let place = null, cross = null, held = -1, brush = null, timer = 0, settle = 0;
  let changes = 0, before = null, touched = new Set(), pending = null; // of points; at the start of a gesture, of steps
  const past = [], future = [];
  const redraw = () => (changes++, v.soon());

  // ------------------------------------------------------------------------------------------ what is believed
  const column = (x) => clamp((x - x0) / (x1 - x0), 0, 1) * (n - 1), rowOf = (y) => clamp((y - y0) / (y1 - y0), 0, 1) * (n - 1);
  const at = (x, y) => believed(grid, n, Math.max(classes, 2), column(x), rowOf(y));
  const judge = (dot) => (dot.wrong = at(dot.x, dot.y)?.label !== dot.k);
  const words = (x, y) => {
    const found = at(x, y), here = `${features[0]} ${number(x, 3)}, ${features[1]} ${number(y, 3)}: `;
    return here + (found ? `${names[found.label]}, p = ${found.p.toFixed(2)}, ahead by ${found.lead.toFixed(2)}` : "no known answer");
  };
  const verdict = () => `${dots.filter((dot) => !dot.wrong).length} of ${dots.length} points on the right side`;
  const tell = () => v.say([status, verdict(), waiting && "waiting for python…"].filter(Boolean).join(" · "));

  const take = (frame) => {
    if (!frame.grid) return;
    const packed = array(frame.grid), answered = frame.edits >= edits && !before && !pending; // else the page knows better
    [grid, n, lines, sheet, status] = [packed, packed.shape[0], null, null, frame.status];
    if (frame.points && answered) {
      const points = array(frame.points), k = array(frame.k);
      dots = Array.from(k, (k, i) => ({ x: points[2 * i], y: points[2 * i + 1], k, wrong: false }));
      if (held >= dots.length) held = -1;
      changes++;
      undo.disabled = !frame.undo;
      redo.disabled = !frame.redo;
    }
    const wrong = array(frame.wrong);
    if (answered && wrong.length === dots.length) dots.forEach((dot, i) => (dot.wrong = wrong[i] === 1));
    else dots.forEach(judge);
    if (answered) [edits, waiting] = [frame.edits, false];
    plane.setAttribute("aria-label", frame.label);
    unknown.hidden = !grid.some((label, i) => i % 3 === 0 && label === UNKNOWN);
    tell();
  };

  // ------------------------------------------------------------------------------------------ editing
  const copy = () => dots.map((dot) => ({ ...dot }));
  const apply = {
    move: ({ index, x, y }) => Object.assign(dots[index], { x, y }),
    add: ({ x, y, label }) => dots.push({ x, y, k: label }),
    paint: ({ indices, label }) => indices.forEach((i) => (dots[i].k = label)),
    delete: ({ indices }) => (dots = dots.filter((_, i) => !indices.includes(i))),
  };
  // Done here at once; python, where there is one, does it too and judges anew. `before`: the points before a gesture.
  const edit = (type, how, before = copy()) => {
    if (type === "delete" && how.indices.length >= dots.length) return v.say("The last point stays.", true);
    apply[type](how);
    dots.forEach((dot, i) => (type === "add" ? i === dots.length - 1 : i === how.index || how.indices?.includes(i)) && judge(dot));
    if (type === "delete") held = -1;
    if (!v.kernel) remember(before);
    tellPython({ type, ...how });
  };
  const remember = (before) => {
    past.push(before);
    future.length = 0;
    if (past.length > 200) past.shift();
    able();
  };
  const able = () => ((undo.disabled = !past.length), (redo.disabled = !future.length));
  const tellPython = (event) => {
    edits++;
    if (v.kernel) {
      waiting = true;
      v.send({ ...event, edit: edits });
      clearTimeout(timer);
      if (v.state.retrain) timer = setTimeout(() => (v.send({ type: "retrain" }), (waiting = true), tell()), PAUSE);
    }
    tell();
    redraw();
  };
  const back = (type, from, to) => {
    letGo();
    if (v.kernel) return tellPython({ type });
    if (!from.length) return;
    to.push(copy());
    dots = from.pop();
    dots.forEach(judge);
    able();
    tell();
    redraw();
  };
  const undo = button("↶ Undo", () => back("undo", past, future), { disabled: true });
  const redo = button("↷ Redo", () => back("redo", future, past), { disabled: true });
  const letGo = () => {
    flush();
    held = -1;
    redraw();
  };
  // Steps of arrow keys are one edit, told when they pause.
  const flush = () => {
    clearTimeout(settle);
    if (pending) edit("move", { index: held, x: dots[held].x, y: dots[held].y }, pending);
    pending = null;
  };

  // ------------------------------------------------------------------------------------------ the picture
  // The marks change less often than the plane: a sheet of their own, as long as `same` holds.
  let layer = null;
  const marks = (those, w, t, size, c) => {
    const scale = window.devicePixelRatio || 1, same = [w, scale, c.paper, changes, shown].join();
    if (layer?.same === same && shown !== "wrong") return layer;
    layer = Object.assign(new OffscreenCanvas(Math.round(w * scale), Math.round(t * scale)), { same });
    const pen = layer.getContext("2d");
    pen.scale(scale, scale);
    for (const dot of those) mark(pen, dot.k, place.X(dot.x), place.Y(dot.y), size, colourOf(c, dot.k), c.paper);
    return layer;
  };
  const draw = (pen, w, t, c) => {
    const box = { x: 52, y: 8, w: w - 60, h: t - 46 }, dx = box.w / (n - 1), dy = box.h / (n - 1);
    const look = `${shading}${c.paper}`;
    if (!sheet || sheet.look !== look) (sheet = shaded(grid, n, shading, c)), (sheet.look = look);
    lines ??= linesOf(grid, n, v.state.margin);
    pen.save();
    pen.beginPath();
    pen.rect(box.x, box.y, box.w, box.h);
    pen.clip();
    // grid points lie on the frame, pixels have their centre inside
    pen.drawImage(sheet, box.x - dx / 2, box.y - dy / 2, box.w + dx, box.h + dy);
    const fit = (path) => {
      const placed = new Path2D();
      placed.addPath(path, new DOMMatrix([dx, 0, 0, -dy, box.x, box.y + box.h]));
      return placed;
    };
    pen.lineWidth = 1;
    pen.setLineDash([5, 4]);
    pen.strokeStyle = c.muted;
    if (margins) pen.stroke(fit(lines.margins));
    pen.lineWidth = 1.5;
    pen.setLineDash([]);
    pen.strokeStyle = c.ink;
    pen.stroke(fit(lines.border));
    pen.restore();
    place = axes(pen, box, [x0, x1], [y0, y1], c, { xlabel: features[0], ylabel: features[1], grid: false });
    const size = w < 400 ? 3.2 : 4, those = shown === "all" ? dots : shown === "wrong" ? dots.filter((dot) => dot.wrong) : [];
    pen.drawImage(marks(those, w, t, size, c), 0, 0, w, t);
    if (shown !== "none") for (const dot of dots) if (dot.wrong) ring(pen, place.X(dot.x), place.Y(dot.y), size + 3.5, c.ink);
    if (held >= 0) ring(pen, place.X(dots[held].x), place.Y(dots[held].y), size + 8, c["input-edge"], 3);
    if (brush) ring(pen, ...brush, BRUSH, tool === "Erase" ? c.ink : colourOf(c, label), 2);
    if (cross && document.activeElement === plane) {
      stroke(pen, [[box.x, place.Y(cross.y)], [box.x + box.w, place.Y(cross.y)]], c.ink, 0.8, [2, 3]);
      stroke(pen, [[place.X(cross.x), box.y], [place.X(cross.x), box.y + box.h]], c.ink, 0.8, [2, 3]);
      ring(pen, place.X(cross.x), place.Y(cross.y), 5, c.ink);
    }
  };
  const plane = canvas(v, { width: 560, height: 440, draw, role: "application", tabindex: 0, "aria-roledescription": "plane with points" });

  // ------------------------------------------------------------------------------------------ pointer and keys
  const inside = (px, py) => [clamp(place.x(px), x0, x1), clamp(place.y(py), y0, y1)];
  const within = (px, py, reach) => dots.flatMap((dot, i) => {
    const far = Math.hypot(place.X(dot.x) - px, place.Y(dot.y) - py);
    return far <= reach ? [[far, i]] : [];
  }).sort(([a], [b]) => a - b).map(([, i]) => i);
  const sweep = (px, py) => {
    brush = [px, py];
    for (const i of within(px, py, BRUSH)) touched.add(i);
    if (tool === "Paint") for (const i of touched) (dots[i].k = label), judge(dots[i]);
    redraw();
  };
  const look = (px, py) => {
    brush = tool === "Paint" || tool === "Erase" ? [px, py] : null;
    readout.textContent = words(...inside(px, py));
    v.soon();
  };
  pointer(plane, {
    down: (px, py) => {
      flush();
      plane.focus({ preventScroll: true });
      cross = null;
      const [x, y] = inside(px, py);
      if (tool === "Add") return void edit("add", { x, y, label });
      [before, touched] = [copy(), new Set()];
      if (tool === "Move") held = within(px, py, NEAR)[0] ?? -1;
      else sweep(px, py);
      v.soon();
      return true;
    },
    move: (px, py) => {
      if (tool !== "Move") return sweep(px, py);
      if (held < 0) return look(px, py);
      const [x, y] = inside(px, py);
      Object.assign(dots[held], { x, y });
      judge(dots[held]);
      readout.textContent = words(x, y);
      tell();
      redraw();
    },
    up: (px, py) => {
      const { x, y } = dots[held] ?? {}, was = before[held], indices = [...touched];
      if (tool === "Move" && was && (was.x !== x || was.y !== y)) edit("move", { index: held, x, y }, before);
      if (tool === "Paint" && indices.some((i) => before[i].k !== label)) edit("paint", { indices, label }, before);
      if (tool === "Erase" && indices.length) edit("delete", { indices }, before);
      before = null;
    },
    hover: look,
    leave: () => ((brush = null), (readout.textContent = RESTING), v.soon()),
  });

  const middle = () => ({ x: (x0 + x1) / 2, y: (y0 + y1) / 2 });
  const nearest = () => within(place.X(cross.x), place.Y(cross.y), Infinity)[0];
  const shift = (across, up, far) => {
    const target = held >= 0 ? dots[held] : cross, by = far ? 0.1 : 0.02;
    if (held >= 0) pending ??= copy();
    target.x = clamp(target.x + across * by * (x1 - x0), x0, x1);
    target.y = clamp(target.y + up * by * (y1 - y0), y0, y1);
    if (held < 0) return;
    judge(target);
    Object.assign(cross, { x: target.x, y: target.y });
    clearTimeout(settle);
    settle = setTimeout(flush, 2 * PAUSE);
  };
  const KEYS = {
    ArrowLeft: (far) => shift(-1, 0, far), ArrowRight: (far) => shift(1, 0, far), ArrowUp: (far) => shift(0, 1, far), ArrowDown: (far) => shift(0, -1, far),
    Enter: () => (flush(), edit("add", { x: cross.x, y: cross.y, label })),
    " ": () => (flush(), (held = held >= 0 ? -1 : nearest()), held >= 0 && Object.assign(cross, { x: dots[held].x, y: dots[held].y })),
    Delete: () => (flush(), edit("delete", { indices: [held >= 0 ? held : nearest()] })),
    Escape: letGo,
  };
  KEYS.Backspace = KEYS.Delete;
  plane.addEventListener("keydown", (event) => {
    const { key } = event, digit = Number(key) - 1, ctrl = event.ctrlKey || event.metaKey;
    cross ??= middle();
    if (ctrl && key.toLowerCase() === "z") (event.shiftKey ? redo : undo).click();
    else if (ctrl && key.toLowerCase() === "y") redo.click();
    else if (ctrl || event.altKey) return;
    else if (key in KEYS) KEYS[key](event.shiftKey);
    else if (digit >= 0 && digit < v.state.editable) {
      choose(digit);
      if (held >= 0) (flush(), edit("paint", { indices: [held], label }));
    } else return;
    readout.setAttribute("aria-live", "polite");
    readout.textContent = (held >= 0 ? `point of ${names[dots[held].k]} at ` : "") + words(cross.x, cross.y);
    redraw();
    event.preventDefault();
    event.stopPropagation();
  });
  plane.addEventListener("focus", () => {
    if (plane.matches(":focus-visible")) cross ??= middle();
    v.soon();
  });
  plane.addEventListener("blur", () => (flush(), v.soon()));

  // ------------------------------------------------------------------------------------------ around it
  const RESTING = "Rest the pointer on the plane to read it.";
  const readout = h("div", { class: "ln-mono ln-readout" }, RESTING);
  const kinds = choice("class", names.slice(0, v.state.editable).map((name, k) => [k, name]), 0, (k) => choose(k), { disabled: true });
  const choose = (k) => (kinds.set((label = k)), redraw());
  const tools = buttons("tool", ["Move", "Add", "Paint", "Erase"], (name) => {
    letGo();
    plane.dataset.tool = tool = name;
    kinds.select.disabled = name === "Move" || name === "Erase";
  });
  const sign = (width, drawing, text) => h("span", {}, swatch(v, width, drawing), text);
  const unknown = sign(16, (pen, c) => [1, 7, 13].forEach((x) => stroke(pen, [[x, 13], [x + 6, 3]], c.edge, 3)), "no known answer");
  const key = h("div", { class: "ln-key" },
    names.map((name, k) => sign(16, (pen, c) => mark(pen, k, 8, 8, 5, colourOf(c, k), c.paper), name)),
    sign(22, (pen, c) => stroke(pen, [[1, 8], [21, 8]], c.ink, 1.5), "level"),
    v.state.graded && sign(22, (pen, c) => stroke(pen, [[1, 8], [21, 8]], c.muted, 1.2, [5, 4]), v.state.margin_words),
    sign(16, (pen, c) => ring(pen, 8, 8, 6.5, c.ink), "wrong side"), unknown);
  const panel = h("div", { class: "ln-plane-panel" },
    key, readout, tools, row(kinds, undo, redo),
    row(choice("shading", [["confidence", "by confidence"], ["flat", "flat"], ["none", "none"]], shading, (value) => ((shading = value), redraw())),
      choice("points", [["all", "all"], ["wrong", "only wrong ones"], ["none", "none"]], shown, (value) => ((shown = value), redraw())),
      v.state.graded && check("dashed lines", margins, (on) => ((margins = on), redraw()))),
    h("details", {}, h("summary", {}, "By keyboard"), h("div", { class: "ln-muted" }, HELP)),
    !v.kernel && h("div", { class: "ln-muted" }, "No kernel here: the plane stays as it is, and points that you edit are judged by it."),
    v.state.note && h("div", { class: "ln-muted" }, v.state.note));
  plane.dataset.tool = tool;
  v.add(h("div", { class: "ln-columns" }, h("div", { class: "ln-plane" }, plane), panel));
  take(v.state);
  take(model.get("frame"));
  v.frames(take);
  return () => (clearTimeout(timer), clearTimeout(settle), v.stop());
}
