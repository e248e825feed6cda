// What every live form shares. A form is a function render({ model, el }); it runs as a widget, where `model` is the
// kernel's, and in a page without a kernel, where `model` is pageModel's. In front of this stand THEME, RAMPS, CLASSES.

// ---------------------------------------------------------------------------------------------------- theme
function isDark(el) {
  const page = el.closest("[data-jp-theme-light]") ?? document.querySelector("[data-jp-theme-light]");
  if (page) return page.dataset.jpThemeLight === "false";
  if (document.body.classList.contains("vscode-dark")) return true;
  if (document.body.classList.contains("vscode-light")) return false;
  const named = document.documentElement.getAttribute("theme") ?? document.documentElement.dataset.theme;
  return named ? named === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const css = ([r, g, b]) => `rgb(${Math.round(r)},${Math.round(g)},${Math.round(b)})`;

// A ramp as a table of 256 colours [r, g, b].
function ramp(stops) {
  const colours = stops.map(rgb), last = colours.length - 1;
  return Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * last, k = Math.min(Math.floor(at), last - 1), t = at - k;
    return colours[k].map((from, c) => from + t * (colours[k + 1][c] - from));
  });
}
const TABLES = Object.fromEntries(Object.entries(RAMPS).map(([name, pair]) => [name, pair.map(ramp)]));
const clamp = (v, lo, hi) => Math.max(lo, Math.min(hi, v));

// The colours of the page that `el` stands in: a role each, `classes`, and two ramps:
// sequential(t) for t in 0..1, diverging(t) for t in -1..1, both as [r, g, b].
function palette(el) {
  const dark = isDark(el) ? 1 : 0;
  const roles = Object.fromEntries(Object.entries(THEME).map(([role, pair]) => [role, pair[dark]]));
  const pick = (name) => (t) => TABLES[name][dark][Math.round(255 * clamp(t || 0, 0, 1))];
  return { ...roles, dark: !!dark, classes: CLASSES, sequential: pick("sequential"), diverging: (t) => pick("diverging")(((t || 0) + 1) / 2) };
}

// ---------------------------------------------------------------------------------------------------- values
const TYPES = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

function fromBase64(text) {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

// An array as python packed it -> a typed array with a .shape
function array({ dtype, shape, data }) {
  const raw = typeof data === "string" ? fromBase64(data) : new Uint8Array(data.buffer ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data);
  return Object.assign(new TYPES[dtype](raw.buffer), { shape });
}

// Numbers for people: 4 significant digits, a true minus.
function number(v, digits = 4) {
  if (v === null || v === undefined || Number.isNaN(v)) return "nan";
  if (!Number.isFinite(v)) return v > 0 ? "∞" : "−∞";
  const size = Math.abs(v);
  const text = size !== 0 && (size >= 1e5 || size < 1e-3) ? v.toExponential(Math.max(0, digits - 2)) : String(Number(v.toPrecision(digits)));
  return text.replace("e+", "e").replace(/-/g, "−");
}

// ---------------------------------------------------------------------------------------------------- elements
// h("button", { class: "primary", onclick: f, "aria-label": "…" }, "text", child)
function h(tag, props = {}, ...children) {
  return dressed(document.createElement(tag), props, children);
}

function s(tag, props = {}, ...children) {
  return dressed(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

function dressed(node, props, children) {
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value") node.value = value;
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const row = (...children) => h("div", { class: "ln-row" }, ...children);
const columns = (...children) => h("div", { class: "ln-columns" }, ...children);

// ---------------------------------------------------------------------------------------------------- the view
// A view: root element, theme, painting once a screen frame, events to the kernel, and words for those who cannot see.
//   v.state        what python's state() gave (arrays still packed: array(v.state.x))
//   v.kernel       does python answer?
//   v.paint(f)     f(colours) runs soon, and again whenever the theme, the width or v.soon() asks
//   v.send(event)  tells python (nothing happens without a kernel)
//   v.frames(f)    f(frame) for each thing new that python sends
//   v.say(text)    the status line, read aloud
//   v.add(...)     appends to the root
//   v.times        when frames were painted, in ms: what tests measure
function view({ model, el }, title = "") {
  const root = h("div", { class: "ln", role: "group", "data-lm-suppress-shortcuts": "true", "aria-label": title || model.get("label") || "" });
  const body = h("div"), status = h("div", { class: "ln-status", role: "status", "aria-live": "polite" });
  if (title) root.append(h("div", { class: "ln-title" }, title));
  root.append(body, status);
  el.append(root);
  const painters = [], listeners = [];
  let waiting = 0;
  const v = { root, body, state: model.get("state"), kernel: !!model.get("kernel") && !model.page, model, times: [], colours: palette(root) };
  const paint = () => {
    waiting = 0;
    v.colours = palette(root);
    for (const role of Object.keys(THEME)) root.style.setProperty(`--${role}`, v.colours[role]);
    for (const painter of painters) painter(v.colours);
    v.times.push(performance.now());
    root.dataset.frames = v.times.length;
  };
  v.soon = () => (waiting ||= requestAnimationFrame(paint));
  v.paint = (painter) => (painters.push(painter), v.soon(), painter);
  v.add = (...nodes) => (body.append(...nodes), nodes[0]);
  v.say = (text, wrong = false) => {
    if (status.textContent !== text) status.textContent = text;
    status.classList.toggle("ln-error", wrong);
  };
  v.send = (event) => v.kernel && model.send(event);
  v.frames = (listener) => listeners.push(listener);
  const arrived = () => {
    const frame = model.get("frame");
    if (frame.error) v.say(frame.error, true);
    else for (const listener of listeners) listener(frame);
    v.soon();
  };
  model.on("change:turn", arrived);
  queueMicrotask(() => model.get("turn") && arrived()); // a view that opens late starts from what came last
  const size = new ResizeObserver(v.soon), theme = new MutationObserver(v.soon), media = matchMedia("(prefers-color-scheme: dark)");
  size.observe(root);
  for (const page of [document.body, document.documentElement])
    theme.observe(page, { attributes: true, attributeFilter: ["data-jp-theme-light", "class", "theme", "data-theme"] });
  media.addEventListener("change", v.soon);
  root.learnnn = v; // for tests and for the curious
  v.stop = () => {
    model.off("change:turn", arrived);
    size.disconnect();
    theme.disconnect();
    media.removeEventListener("change", v.soon);
    cancelAnimationFrame(waiting);
  };
  paint();
  return v;
}

// A canvas at most `width` wide that keeps its proportions and the screen's sharpness. draw(pen, width, height, colours).
function canvas(v, { width, height, label = "", draw, ...props }) {
  const node = h("canvas", { role: "img", "aria-label": label, style: `max-width:${width}px;aspect-ratio:${width}/${height}`, ...props });
  v.paint((colours) => {
    const scale = window.devicePixelRatio || 1, w = node.clientWidth || width, t = (w * height) / width;
    if (node.width !== Math.round(w * scale) || node.height !== Math.round(t * scale)) {
      node.width = Math.round(w * scale);
      node.height = Math.round(t * scale);
    }
    const pen = node.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, w, t);
    pen.font = `12px ${getComputedStyle(v.root).fontFamily}`;
    draw(pen, w, t, colours);
  });
  return node;
}

// Pointer on a canvas: down(x, y, event) may return true to capture; move while captured; up; hover while not; leave.
function pointer(node, { down, move, up, hover, leave }) {
  let held = false;
  const at = (event) => {
    const box = node.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  node.addEventListener("pointerdown", (event) => {
    held = down?.(...at(event), event) === true;
    if (held) (node.setPointerCapture(event.pointerId), event.preventDefault());
  });
  node.addEventListener("pointermove", (event) => (held ? move : hover)?.(...at(event), event));
  for (const name of ["pointerup", "pointercancel"])
    node.addEventListener(name, (event) => held && ((held = false), up?.(...at(event), event)));
  node.addEventListener("pointerleave", (event) => held || leave?.(event));
}

// ---------------------------------------------------------------------------------------------------- controls
function button(text, onclick, props = {}) {
  return h("button", { type: "button", onclick, ...props }, text);
}

// A slider with its name and its value; oninput(value). `format` says how the value is written. slider.set(value) moves it.
function slider(name, { min, max, step = "any", value, oninput, format = number, ...props }) {
  const said = h("output", {}, format(value));
  const input = h("input", { type: "range", min, max, step, "aria-label": name, ...props,
    oninput: () => (said.textContent = format(Number(input.value)), oninput(Number(input.value))) });
  input.value = value;
  const node = h("label", {}, name, input, said);
  node.set = (v) => ((input.value = v), (said.textContent = format(Number(v))));
  node.input = input;
  return node;
}

// One of several: options are words or [value, words]. choice.set(value) chooses.
function choice(name, options, value, onchange, props = {}) {
  const pairs = options.map((o) => (Array.isArray(o) ? o : [o, o]));
  const select = h("select", { "aria-label": name, ...props, onchange: () => onchange(pairs[select.selectedIndex][0]) },
    ...pairs.map(([v, words]) => h("option", { value: v }, words)));
  select.selectedIndex = pairs.findIndex(([v]) => v === value);
  const node = h("label", {}, name, select);
  node.set = (v) => (select.selectedIndex = pairs.findIndex(([p]) => p === v));
  node.select = select;
  return node;
}

function check(name, checked, onchange, props = {}) {
  const input = h("input", { type: "checkbox", ...props, onchange: () => onchange(input.checked) });
  input.checked = checked;
  const node = h("label", {}, input, name);
  node.input = input;
  return node;
}

// Play, step and scrub over 0..length-1. go(i) is called for each place; space plays, arrows step, Home and End jump.
function playbar(v, { length, at = 0, fps = 12, go, label = (i) => `${i + 1} of ${length}`, name = "step" }) {
  let timer = 0;
  const scrub = h("input", { type: "range", min: 0, max: length - 1, step: 1, "aria-label": name });
  const said = h("output", {}), play = button("▶ Play", () => bar.toggle(), { class: "primary" });
  const bar = h("div", { class: "ln-play", role: "toolbar", "aria-label": `play ${name}` },
    play, button("◀", () => bar.step(-1), { "aria-label": "one step back" }), button("▶", () => bar.step(1), { "aria-label": "one step forward" }), scrub, said);
  bar.at = at;
  bar.length = length;
  bar.show = (i) => {
    bar.at = clamp(Math.round(i), 0, bar.length - 1);
    scrub.value = bar.at;
    said.textContent = label(bar.at);
    scrub.setAttribute("aria-valuetext", said.textContent);
    go(bar.at);
    v.soon();
  };
  bar.step = (by) => (bar.pause(), bar.show(bar.at + by));
  bar.pause = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "▶ Play";
  };
  bar.play = () => {
    if (bar.at >= bar.length - 1) bar.show(0);
    timer = setInterval(() => (bar.at < bar.length - 1 && v.root.isConnected ? bar.show(bar.at + 1) : bar.pause()), 1000 / fps);
    play.textContent = "⏸ Pause";
  };
  bar.toggle = () => (timer ? bar.pause() : bar.play());
  bar.resize = (n) => ((bar.length = n), (scrub.max = n - 1), bar.show(Math.min(bar.at, n - 1)));
  scrub.addEventListener("input", () => (bar.pause(), bar.show(Number(scrub.value))));
  bar.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (event.key === " " && event.target !== play && event.target.tagName !== "BUTTON") bar.toggle();
    else if (event.key in steps && event.target !== scrub) bar.step(clamp(steps[event.key], -bar.length, bar.length));
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  scrub.addEventListener("keydown", (event) => event.stopPropagation()); // a notebook has keys of its own
  return bar;
}

// ---------------------------------------------------------------------------------------------------- drawing
// Round numbers from lo to hi, about `count` of them.
function ticks(lo, hi, count = 5) {
  const span = hi - lo || 1, raw = span / count, unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * [1, 2, 5, 10].find((k) => k * unit >= raw * 0.999);
  const found = [];
  for (let v = Math.ceil(lo / step - 1e-9) * step; v <= hi + 1e-9 * span; v += step) found.push(Math.abs(v) < step * 1e-9 ? 0 : v);
  return found;
}

// Powers of ten from lo to hi; within a decade or two their doubles and fives as well.
function powers(lo, hi) {
  const first = Math.floor(Math.log10(lo)), last = Math.ceil(Math.log10(hi)), steps = last - first <= 2 ? [1, 2, 5] : [1];
  const found = [];
  for (let p = first; p <= last; p += Math.max(1, Math.round((last - first) / 6))) for (const m of steps) found.push(Number(`${m}e${p}`));
  return found.filter((t) => t >= lo * (1 - 1e-9) && t <= hi * (1 + 1e-9));
}

// Axes inside a box {x, y, w, h} of a canvas -> { X, Y, x, y }: data to pixels, and back. `log` takes "x", "y", "xy".
function axes(pen, box, [x0, x1], [y0, y1], c, { xlabel = "", ylabel = "", title = "", log = "", grid = true, bare = false } = {}) {
  const scale = (lo, hi, from, to, logged, room) => {
    const f = logged ? (v) => Math.log10(Math.max(v, 1e-300)) : (v) => v, a = f(lo), b = f(hi) === a ? a + 1 : f(hi);
    const there = (v) => from + ((f(v) - a) / (b - a)) * (to - from);
    const back = (p) => { const u = a + ((p - from) / (to - from)) * (b - a); return logged ? 10 ** u : u; };
    const marks = !logged ? ticks(lo, hi, Math.max(2, Math.abs(to - from) / room)) : powers(lo, hi);
    return [there, back, marks];
  };
  const [X, x, across] = scale(x0, x1, box.x, box.x + box.w, log.includes("x"), 70);
  const [Y, y, up] = scale(y0, y1, box.y + box.h, box.y, log.includes("y"), 45);
  pen.save();
  pen.fillStyle = c.muted;
  pen.lineWidth = 1;
  pen.strokeStyle = c.edge;
  pen.globalAlpha = 1;
  if (!bare) {
    pen.textAlign = "center";
    for (const v of across) {
      if (grid) stroke(pen, [[X(v), box.y], [X(v), box.y + box.h]], c.edge, 0.5);
      pen.fillText(number(v, 3), X(v), box.y + box.h + 15);
    }
    pen.textAlign = "right";
    for (const v of up) {
      if (grid) stroke(pen, [[box.x, Y(v)], [box.x + box.w, Y(v)]], c.edge, 0.5);
      pen.fillText(number(v, 3), box.x - 6, Y(v) + 4);
    }
  }
  pen.textAlign = "center";
  if (xlabel) pen.fillText(xlabel, box.x + box.w / 2, box.y + box.h + (bare ? 15 : 31));
  if (ylabel) (pen.save(), pen.translate(box.x - (bare ? 8 : 42), box.y + box.h / 2), pen.rotate(-Math.PI / 2), pen.fillText(ylabel, 0, 0), pen.restore());
  pen.textAlign = "left";
  pen.fillStyle = c.ink;
  if (title) pen.fillText(title, box.x, box.y - 7);
  pen.strokeRect(box.x, box.y, box.w, box.h);
  pen.restore();
  return { X, Y, x, y, box };
}

// A line through [[x, y], ...] in pixels; places that are not numbers leave a gap.
function stroke(pen, points, colour, width = 1.6, dash = []) {
  pen.save();
  pen.beginPath();
  let drawn = false;
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) { drawn = false; continue; }
    drawn ? pen.lineTo(x, y) : pen.moveTo(x, y);
    drawn = true;
  }
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.lineJoin = "round";
  pen.setLineDash(dash);
  pen.stroke();
  pen.restore();
}

// Values (rows x columns, row 0 on top unless `up`) as coloured cells in a box. colour(value) -> [r, g, b].
function heat(pen, values, rows, cols, box, colour, { smooth = false, up = false } = {}) {
  const image = new ImageData(cols, rows);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < cols; k++) {
      const to = 4 * ((up ? rows - 1 - r : r) * cols + k), v = colour(values[r * cols + k]);
      image.data[to] = v[0]; image.data[to + 1] = v[1]; image.data[to + 2] = v[2]; image.data[to + 3] = 255;
    }
  const sheet = new OffscreenCanvas(cols, rows);
  sheet.getContext("2d").putImageData(image, 0, 0);
  pen.save();
  pen.imageSmoothingEnabled = smooth;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(sheet, box.x, box.y, box.w, box.h);
  pen.restore();
}

// A shape a class, so that colour is not the only difference.
const SHAPES = [
  (p, x, y, r) => p.arc(x, y, r, 0, 2 * Math.PI),
  (p, x, y, r) => (p.moveTo(x, y - 1.2 * r), p.lineTo(x + 1.1 * r, y + 0.8 * r), p.lineTo(x - 1.1 * r, y + 0.8 * r), p.closePath()),
  (p, x, y, r) => p.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
  (p, x, y, r) => (p.moveTo(x, y - 1.3 * r), p.lineTo(x + 1.3 * r, y), p.lineTo(x, y + 1.3 * r), p.lineTo(x - 1.3 * r, y), p.closePath()),
  (p, x, y, r) => (p.moveTo(x, y + 1.2 * r), p.lineTo(x + 1.1 * r, y - 0.8 * r), p.lineTo(x - 1.1 * r, y - 0.8 * r), p.closePath()),
];

// The mark of class k at a pixel.
function mark(pen, k, x, y, r, colour, edge) {
  pen.beginPath();
  SHAPES[((k % SHAPES.length) + SHAPES.length) % SHAPES.length](pen, x, y, r);
  pen.fillStyle = colour;
  pen.strokeStyle = edge;
  pen.lineWidth = 0.8;
  pen.fill();
  pen.stroke();
}

// ---------------------------------------------------------------------------------------------------- a page without a kernel
function pageModel(state) {
  const values = { state, frame: {}, kernel: false, label: "" }, listeners = new Set();
  return {
    page: true, get: (name) => values[name], send() {}, save_changes() {},
    set: (name, value) => ((values[name] = value), name === "frame" && listeners.forEach((listener) => listener())),
    on: (name, listener) => name === "change:turn" && listeners.add(listener),
    off: (name, listener) => listeners.delete(listener),
  };
}

// Bring every still picture with this key to life; where that fails the still form stays.
function hydrate(render, key, state, style) {
  for (const hook of document.querySelectorAll(`.learnnn-hook[data-learnnn="${key}"]:not([data-live])`)) {
    const stage = h("div", { class: "learnnn-stage" });
    hook.dataset.live = "yes";
    hook.append(h("style", {}, style), stage);
    try {
      render({ model: pageModel(state), el: stage });
      hook.querySelector(".learnnn-still").hidden = true;
    } catch (error) {
      stage.remove();
      hook.dataset.live = "failed";
      console.error(error);
    }
  }
}

