// Feature maps: a grid of channels, one of them large, laid over the image, and the kernel that made it.
const LARGE = 250;

// One layer as python packed it -> { values(i), shape of a map, many, ... }
function unpacked(layer) {
  const bytes = array(layer.bytes), [many, h, w] = bytes.shape, lo = array(layer.lo), hi = array(layer.hi), size = h * w;
  const maps = Array.from({ length: many }, (_, i) => Float32Array.from(bytes.subarray(i * size, (i + 1) * size), (b) => lo[i] + ((hi[i] - lo[i]) * b) / 255));
  const most = Math.max(...lo.map(Math.abs), ...hi.map(Math.abs)) || 1;
  return { ...layer, maps, many, h, w, lo, hi, most, signed: Math.min(...lo) < 0, vector: layer.shape.length === 1 };
}

// Values as a coloured veil: colour(value) -> [r, g, b, opacity 0..1], over what is there.
function veil(pen, values, rows, cols, box, colour) {
  const image = new ImageData(cols, rows);
  values.forEach((x, i) => { const [r, g, b, a] = colour(x); image.data.set([r, g, b, 255 * a], 4 * i); });
  const sheet = new OffscreenCanvas(cols, rows);
  sheet.getContext("2d").putImageData(image, 0, 0);
  pen.drawImage(sheet, box.x, box.y, box.w, box.h);
}

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title), { state } = v;
  const image = array(state.image), [height, width] = image.shape, pixel = Uint32Array.from({ length: height * width }, (_, i) => i);
  const narrow = el.clientWidth && el.clientWidth < 520;
  let layers = [], kernels = {}, layer, k = 0, opacity = 0.7, apart = false, at = null;

  function learn(frame) {
    layers = frame.layers.map(unpacked);
    kernels = Object.fromEntries(Object.entries(frame.kernels).map(([path, packed]) => [path, array(packed)]));
    open(layer ? Math.max(0, layers.findIndex((l) => l.path === layer.path)) : Math.max(0, layers.findIndex((l) => !l.vector)), k);
  }

  function open(i, channel = 0) {
    layer = layers[i];
    k = clamp(channel, 0, layer.many - 1);
    at = null;
    large.style.display = over.style.display = layer.vector ? "none" : "";
    for (const node of [largePart, overPart, kernelPart]) node.hidden = layer.vector;
    tell();
    v.soon();
  }

  const tone = (c, i) => { // of channel i
    const most = apart && !layer.vector ? Math.max(Math.abs(layer.lo[i]), Math.abs(layer.hi[i])) || 1 : layer.most;
    return layer.signed ? (x) => c.diverging(x / most) : (x) => c.sequential(x / most);
  };
  const unit = () => (layer.vector ? "unit" : "channel");
  function tell() {
    const [lo, hi] = [layer.lo[k], layer.hi[k]].map((x) => number(x, 3));
    v.say(layer.vector ? `Unit ${k} of ${layer.shape[0]}: ${lo}` : `Channel ${k} of ${layer.shape[0]}: from ${lo} to ${hi}${lo === hi ? ", the same everywhere" : ""}${place()}`);
  }
  const place = () => (at ? `; at row ${at[0]}, column ${at[1]}: ${number(layer.maps[k][at[0] * layer.w + at[1]], 3)}` : "");

  // ---------------------------------------------------------------- the grid of channels
  const grid = h("canvas", { tabindex: 0, role: "img" });
  const shape = () => { // of the grid, in cells and pixels
    const full = Math.max(240, grid.parentNode?.clientWidth || 480), columns = layer.vector ? Math.min(layer.many, narrow ? 12 : 16) : Math.min(layer.many, narrow ? 4 : 8);
    const side = Math.min(layer.vector ? 40 : 84, full / columns);
    return { columns, rows: Math.ceil(layer.many / columns), side };
  };
  v.paint((c) => {
    const { columns, rows, side } = shape(), scale = window.devicePixelRatio || 1, label = layer.vector ? 0 : 13;
    Object.assign(grid.style, { width: `${columns * side}px`, height: `${rows * (side + label)}px` });
    Object.assign(grid, { width: columns * side * scale, height: rows * (side + label) * scale });
    grid.setAttribute("aria-label", `${layer.many} ${unit()}s of ${layer.words}; arrow keys choose one`);
    const pen = grid.getContext("2d");
    pen.scale(scale, scale);
    pen.textAlign = "center";
    for (let i = 0; i < layer.many; i++) {
      const room = side - 6, fit = Math.min(room / layer.w, room / layer.h), x = (i % columns) * side + 3, y = Math.floor(i / columns) * (side + label) + 3;
      const box = { x: x + (room - fit * layer.w) / 2, y: y + (room - fit * layer.h) / 2, w: fit * layer.w, h: fit * layer.h };
      heat(pen, layer.maps[i], layer.h, layer.w, box, tone(c, i));
      pen.strokeStyle = i === k ? c.ink : c.edge;
      pen.lineWidth = i === k ? 3 : 1;
      pen.strokeRect(box.x, box.y, box.w, box.h);
      pen.fillStyle = i === k ? c.ink : c.muted;
      pen.font = `${i === k ? "600 " : ""}10.5px ${getComputedStyle(v.root).fontFamily}`;
      const [r, g, b] = tone(c, i)(layer.maps[i][0]);
      if (!layer.vector) pen.fillText(i, x + room / 2, y + room + 11);
      else if (side >= 26) (pen.fillStyle = 0.3 * r + 0.59 * g + 0.11 * b > 140 ? "#101418" : "#ffffff", pen.fillText(number(layer.maps[i][0], 2), x + room / 2, y + room / 2 + 4));
    }
  });
  const choose = (i) => (i >= 0 && i < layer.many && ((k = i), tell(), v.soon()));
  pointer(grid, { down(x, y) {
    const { columns, side } = shape(), row = Math.floor(y / (side + (layer.vector ? 0 : 13)));
    choose(row * columns + Math.floor(x / side));
  } });
  grid.addEventListener("keydown", (event) => {
    const { columns } = shape(), by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    choose(k + by);
  });

  // ---------------------------------------------------------------- one of them, large
  const box = (w, h, rows, columns) => { const fit = Math.min(w / columns, h / rows); return { x: 0, y: 0, w: fit * columns, h: fit * rows }; };
  function cross(pen, place, c) {
    if (!at) return;
    const w = place.w / layer.w, t = place.h / layer.h;
    for (const [colour, line] of [[c.paper, 4], [c.wrong, 2]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = line;
      pen.strokeRect(place.x + at[1] * w, place.y + at[0] * t, Math.max(w, 4), Math.max(t, 4));
    }
  }
  const large = canvas(v, { width: LARGE, height: LARGE, tabindex: 0, label: "the chosen channel; arrow keys read its numbers", draw(pen, w, t, c) {
    const place = box(w, t, layer.h, layer.w);
    heat(pen, layer.maps[k], layer.h, layer.w, place, tone(c, k));
    cross(pen, place, c);
    caption.textContent = `layer ${layer.path || "model"}, channel ${k}`;
  } });
  const over = canvas(v, { width: LARGE, height: LARGE, label: "the channel over the image", draw(pen, w, t, c) {
    const place = box(w, t, height, width), most = Math.max(Math.abs(layer.lo[k]), Math.abs(layer.hi[k])) || 1;
    heat(pen, pixel, height, width, place, (i) => [0, 1, 2].map((j) => image[3 * i + j] * (1 - 0.55 * opacity)));
    pen.imageSmoothingEnabled = true;
    veil(pen, layer.maps[k], layer.h, layer.w, place, (x) => [...(x < 0 ? [255, 150, 64] : [86, 180, 245]), opacity * Math.abs(x / most) ** 0.8]);
    cross(pen, place, c);
  } });
  const read = (node, rows, columns) => (x, y) => {
    const size = node.getBoundingClientRect(), place = box(size.width, size.height, rows(), columns());
    at = [clamp(Math.floor((y / place.h) * layer.h), 0, layer.h - 1), clamp(Math.floor((x / place.w) * layer.w), 0, layer.w - 1)];
    tell();
    v.soon();
  };
  for (const [node, rows, columns] of [[large, () => layer.h, () => layer.w], [over, () => height, () => width]])
    pointer(node, { hover: read(node, rows, columns), down: read(node, rows, columns), leave: () => ((at = null), tell(), v.soon()) });
  large.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    at = at ? [clamp(at[0] + by[0], 0, layer.h - 1), clamp(at[1] + by[1], 0, layer.w - 1)] : [layer.h >> 1, layer.w >> 1];
    tell();
    v.soon();
  });

  // ---------------------------------------------------------------- the kernel behind it
  const kernelCaption = h("div", { class: "ln-muted" });
  const kernel = canvas(v, { width: 256, height: 64, label: "the kernel of this channel, an input channel each", draw(pen, w, t, c) {
    const all = kernels[layer.maker];
    kernelPart.hidden = layer.vector || !all || k >= all.shape[0];
    if (kernelPart.hidden) return;
    const [, inputs, kh, kw] = all.shape, size = kh * kw, mine = all.subarray(k * inputs * size, (k + 1) * inputs * size), most = Math.max(...mine.map(Math.abs)) || 1;
    const side = Math.min(t, (w - 4 * (inputs - 1)) / inputs), fit = side / Math.max(kh, kw);
    for (let i = 0; i < inputs; i++) {
      const place = { x: i * (side + 4), y: 0, w: fit * kw, h: fit * kh };
      heat(pen, mine.subarray(i * size, (i + 1) * size), kh, kw, place, (x) => c.diverging(x / most));
      pen.strokeStyle = c.edge;
      pen.strokeRect(place.x, place.y, place.w, place.h);
    }
    kernelCaption.textContent = `its kernel, in '${layer.maker}': ${kh} × ${kw}, ${inputs === 1 ? "one input channel" : `input channels 0 to ${inputs - 1}`}; up to ${number(most, 3)} in size`;
  } });

  const caption = h("div", { class: "ln-muted" });
  const largePart = h("div", {}, caption, large), kernelPart = h("div", { class: "ln-maps-kernel" }, kernelCaption, kernel);
  const fade = slider("strength", { min: 0, max: 1, step: 0.05, value: opacity, oninput: (x) => ((opacity = x), v.soon()) });
  const overPart = h("div", {}, h("div", { class: "ln-muted" }, "over the image"), over, fade);
  const key = h("div", { class: "ln-muted" });
  v.paint(() => (key.textContent = layer.signed ? `orange −${number(layer.most, 3)} · ground 0 · blue ${number(layer.most, 3)}${apart ? ", each on its own scale" : ""}` : `ground 0 · strongest ${number(layer.most, 3)}${apart ? ", each on its own scale" : ""}`));
  const pick = choice("layer", state.layers.map((l, i) => [i, l.words]), 0, (i) => open(i));
  v.add(row(pick, check("each channel on its own scale", false, (on) => ((apart = on), v.soon()))),
    h("div", { class: "ln-columns ln-maps" }, h("div", { class: "ln-maps-grid" }, grid, key, kernelPart), largePart, overPart));
  v.frames(learn);
  learn(state);
  pick.set(layers.indexOf(layer));
  return v.stop;
}
