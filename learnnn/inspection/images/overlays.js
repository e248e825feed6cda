// Maps over an image: one large, all side by side, the scores as bars to choose a class by.
const LARGE = 300, SMALL = 150;

// A map as python packed it -> its numbers, with their strongest
function unpacked({ bytes, lo, hi }) {
  const raw = array(bytes), [low, high] = [array(lo)[0], array(hi)[0]];
  const values = Float32Array.from(raw, (b) => low + ((high - low) * b) / 255);
  return { values, rows: raw.shape[1], cols: raw.shape[2], most: Math.max(Math.abs(low), Math.abs(high)) || 1 };
}

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title), { state } = v;
  const image = array(state.image), [height, width] = image.shape, [positive, negative] = state.colours.map(rgb);
  let panels = [], maps, notes, scores, targets, target, panel = state.panel, opacity = 0.85, at = null, wanted = state.target;

  function learn(frame) {
    ({ notes, scores, targets } = frame);
    maps = frame.maps.map((row) => row.map(unpacked));
    target = targets.includes(wanted) ? wanted : frame.target;
    list();
    tell();
    v.soon();
  }
  const p = () => state.panels.findIndex(({ name }) => name === panel), t = () => targets.indexOf(target);
  const named = (k) => scores.find(({ index }) => index === k);
  const capital = (words) => words[0].toUpperCase() + words.slice(1);

  function tell() {
    const { rows, cols, values } = maps[t()][p()];
    const here = at && [clamp(Math.floor(at[0] * rows), 0, rows - 1), clamp(Math.floor(at[1] * cols), 0, cols - 1)];
    v.say(here ? `Row ${here[0]}, column ${here[1]}: ${number(values[here[0] * cols + here[1]], 3)}` : `Class ${named(target).label}, ${state.panels[p()].words}: ${notes[t()][p()]}.`);
  }

  // The image, dimmed, under a veil of a map: stronger numbers cover more of it.
  function paint(pen, w, map, smooth) {
    const place = { x: 0, y: 0, w, h: (w * height) / width }, n = height * width;
    heat(pen, Uint32Array.from({ length: n }, (_, i) => i), height, width, place, (i) => {
      const grey = ((image[3 * i] + image[3 * i + 1] + image[3 * i + 2]) / 3) * (1 - 0.55 * opacity);
      return opacity ? [grey, grey, grey] : [0, 1, 2].map((j) => image[3 * i + j]);
    });
    const cover = new ImageData(map.cols, map.rows), sheet = new OffscreenCanvas(map.cols, map.rows);
    map.values.forEach((x, i) => cover.data.set([...(x < 0 ? negative : positive), 255 * opacity * Math.abs(x / map.most) ** 0.8], 4 * i));
    sheet.getContext("2d").putImageData(cover, 0, 0);
    pen.imageSmoothingEnabled = smooth;
    pen.drawImage(sheet, place.x, place.y, place.w, place.h);
    return place;
  }

  // ---------------------------------------------------------------- one, large
  const caption = h("div", { class: "ln-muted" });
  const large = canvas(v, { width: LARGE, height: Math.max(24, (LARGE * height) / width), tabindex: 0, label: "the map over the image; arrow keys read its numbers", draw(pen, w, _, c) {
    const map = maps[t()][p()], place = paint(pen, w, map, state.panels[p()].smooth);
    caption.textContent = `${state.panels[p()].words} · class ${named(target).label}`;
    if (!at) return;
    const cell = [place.h / map.rows, place.w / map.cols], corner = at.map((x, i) => Math.floor(clamp(x, 0, 0.9999) * [map.rows, map.cols][i]) * cell[i]);
    for (const [colour, line] of [[c.paper, 4], [c.wrong, 2]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = line;
      pen.strokeRect(corner[1], corner[0], Math.max(cell[1], 5), Math.max(cell[0], 5));
    }
  } });
  const read = (x, y) => {
    const size = large.getBoundingClientRect();
    at = [y / size.height, x / size.width];
    tell();
    v.soon();
  };
  pointer(large, { hover: read, down: read, leave: () => ((at = null), tell(), v.soon()) });
  large.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key], { rows, cols } = maps[t()][p()];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const [r, c] = at ? [Math.floor(at[0] * rows) + by[0], Math.floor(at[1] * cols) + by[1]] : [rows >> 1, cols >> 1];
    at = [(clamp(r, 0, rows - 1) + 0.5) / rows, (clamp(c, 0, cols - 1) + 0.5) / cols];
    tell();
    v.soon();
  });

  // ---------------------------------------------------------------- all, side by side
  const choose = (name) => ((panel = name), (at = null), tell(), v.soon());
  panels = state.panels.map(({ name, words, smooth }, i) => {
    const small = canvas(v, { width: SMALL, height: Math.max(24, (SMALL * height) / width), label: words, draw: (pen, w) => paint(pen, w, maps[t()][i], smooth) });
    const node = h("button", { type: "button", class: "ln-over-panel", onclick: () => choose(name) }, small, words);
    v.paint(() => node.setAttribute("aria-pressed", String(panel === name)));
    return node;
  });

  // ---------------------------------------------------------------- the scores
  const bars = h("div", { class: "ln-over-scores" });
  function list() {
    const lo = Math.min(0, ...scores.map(({ score }) => score)), hi = Math.max(0, ...scores.map(({ score }) => score)), span = hi - lo || 1;
    bars.replaceChildren(...scores.map(({ index, label, score, chance }) => {
      const bar = h("i", { style: `left:${(100 * (Math.min(score, 0) - lo)) / span}%;width:${Math.max(1, (100 * Math.abs(score)) / span)}%` });
      const told = `${number(score, 3)}${chance === undefined || chance === null ? "" : ` · ${Math.round(100 * chance)} %`}`;
      return h("button", { type: "button", disabled: !targets.includes(index), "data-index": index, onclick: () => ((target = wanted = index), (at = null), tell(), v.soon()),
        "aria-label": `class ${label}, score ${told}` }, h("span", {}, label), h("span", { class: "ln-over-track" }, bar), h("span", {}, told));
    }));
  }
  v.paint(() => [...bars.children].forEach((node) => node.setAttribute("aria-pressed", String(Number(node.dataset.index) === target))));

  const key = h("div", { class: "ln-key" }, ...state.key.map((words, i) => h("span", {}, h("i", { style: `background:${state.colours[i]}` }), words)));
  const fade = slider("opacity", { min: 0, max: 1, step: 0.05, value: opacity, oninput: (x) => ((opacity = x), v.soon()) });
  v.add(columns(h("div", { class: "ln-over-large" }, caption, large, fade), h("div", { class: "ln-over-side" }, h("div", { class: "ln-muted" }, `scores: choose one of ${state.targets.length} classes`), bars)),
    h("div", { class: "ln-over-panels" }, ...panels), key);
  v.frames(learn);
  learn(state);
  return v.stop;
}
