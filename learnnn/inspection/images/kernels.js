// Kernels over an image: the correlation is computed here, at every change. A kernel's numbers are weight[k][c][r][x].
const SIDE = 300;

const source = { // where a place outside an image of n takes its number from; -1 is zero
  zeros: (i, n) => (i >= 0 && i < n ? i : -1),
  replicate: (i, n) => clamp(i, 0, n - 1),
  circular: (i, n) => ((i % n) + n) % n,
  reflect: (i, n) => { const p = 2 * (n - 1) || 1, k = ((i % p) + p) % p; return k < n ? k : p - k; },
};

// An image (channels, H, W) with its border, as the kernels read it.
function bordered(image, [, height, width], [above, below, left, right], mode) {
  const channels = image.length / (height * width), h = height + above + below, w = width + left + right;
  const out = new Float64Array(channels * h * w);
  for (let r = 0; r < h; r++)
    for (let x = 0; x < w; x++) {
      const from = source[mode](r - above, height), at = source[mode](x - left, width);
      if (from < 0 || at < 0) continue;
      for (let c = 0; c < channels; c++) out[(c * h + r) * w + x] = image[(c * height + from) * width + at];
    }
  return Object.assign(out, { shape: [channels, h, w] });
}

// One kernel (channels, kh, kw) over a bordered image, from input channel `first` on -> (H', W')
function correlate(image, kernel, [channels, kh, kw], bias, first, [down, across], [dr, dx]) {
  const [, height, width] = image.shape;
  const h = Math.floor((height - dr * (kh - 1) - 1) / down) + 1, w = Math.floor((width - dx * (kw - 1) - 1) / across) + 1;
  const out = new Float64Array(Math.max(h, 0) * Math.max(w, 0)).fill(bias);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++) {
        const by = kernel[(c * kh + i) * kw + j];
        for (let r = 0, to = 0; r < h; r++)
          for (let x = 0, from = ((first + c) * height + r * down + i * dr) * width + j * dx; x < w; x++, from += across) out[to++] += by * image[from];
      }
  return Object.assign(out, { shape: [h, w] });
}

// What is black and what white in a result that looks like an image; null for one of both signs.
function greyLimits(result, kernel) {
  const mean = result.reduce((a, b) => a + b, 0) / result.length;
  const spread = Math.sqrt(result.reduce((a, b) => a + (b - mean) ** 2, 0) / result.length);
  if (mean <= spread / 2) return null;
  return Math.abs(kernel.reduce((a, b) => a + b, 0) - 1) < 1e-3 ? [0, 1] : extent(result);
}

const extent = (values) => values.reduce(([lo, hi], x) => [Math.min(lo, x), Math.max(hi, x)], [Infinity, -Infinity]);
const grey = ([lo, hi]) => (x) => { const g = 255 * clamp((x - lo) / (hi - lo || 1), 0, 1); return [g, g, g]; };
const places = (n) => Uint32Array.from({ length: n }, (_, i) => i);
const meanOver = (image, i, area) => { let sum = 0; for (let at = i; at < image.length; at += area) sum += image[at]; return (sum * area) / image.length; };
// A number in a narrow cell, among numbers up to `most`.
function short(x, most, columns) {
  const text = String(Number(x.toFixed(most >= 10 ? 0 : most >= 1 && columns > 3 ? 1 : 2)));
  return columns > 3 ? text.replace(/^(-?)0\./, "$1.") : text;
}
const strongest = (values) => values.reduce((a, x) => Math.max(a, Math.abs(x)), 0) || 1;

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title), { state } = v;
  const packed = array(state.image.values), raw = Float64Array.from(packed, (x) => x * state.image.scale), shape = packed.shape;
  const [, height, width] = shape, names = Object.keys(state.presets);
  const wide = { width: SIDE, height: Math.max(1, Math.round((SIDE * height) / width)) };
  const area = height * width, shade = grey([state.image.lo, state.image.hi]); // of several channels that are no colours the mean is drawn
  const ground = Float64Array.from({ length: area }, (_, i) => meanOver(raw, i, area));
  let weight, original, bias, size, padded, result, limits;
  let k = state.channel, c = 0, stride = [...state.stride], padding = [...state.padding], shown = "auto", at = null;

  const length = () => size.reduce((a, b) => a * b, 1);
  const kernel = () => weight.subarray(k * length(), (k + 1) * length());
  const first = () => Math.floor(k / (state.out / state.groups)) * size[0]; // the input channel that the kernel begins with
  const slice = () => kernel().subarray(c * size[1] * size[2], (c + 1) * size[1] * size[2]);
  const step = () => (strongest(slice()) <= 0.6 ? 0.02 : 0.1);

  function learn(frame) {
    const fresh = array(frame.weight);
    size = fresh.shape.slice(1);
    original = Float64Array.from(fresh);
    weight = original.slice();
    bias = array(frame.bias);
    undo.disabled = !v.kernel || !frame.undo;
    build();
    compute();
    if (frame.said) v.say(frame.said);
  }

  function compute() {
    padded = bordered(raw, shape, padding, state.mode);
    result = correlate(padded, kernel(), size, bias[k], first(), stride, state.dilation);
    v.result = result; // for tests, and for the curious
    limits = shown === "signed" ? null : shown === "grey" ? extent(result) : greyLimits(result, kernel());
    at = (at ?? result.shape.map((n) => n >> 1)).map((p, i) => clamp(p, 0, result.shape[i] - 1));
    tell();
    v.soon();
  }

  // ---------------------------------------------------------------- the window
  const corner = () => [at[0] * stride[0] - padding[0], at[1] * stride[1] - padding[2]]; // on the image, in pixels
  const reach = () => [state.dilation[0] * (size[1] - 1) + 1, state.dilation[1] * (size[2] - 1) + 1];

  function patch(channel) {
    const [, h, w] = padded.shape, out = [];
    for (let i = 0; i < size[1]; i++)
      for (let j = 0; j < size[2]; j++)
        out.push(padded[((first() + channel) * h + at[0] * stride[0] + i * state.dilation[0]) * w + at[1] * stride[1] + j * state.dilation[1]]);
    return out;
  }

  function tell() {
    const mine = slice(), sum = patch(c).reduce((a, x, i) => a + x * mine[i], 0), out = result[at[0] * result.shape[1] + at[1]];
    const others = out - sum - bias[k], parts = [`products sum to ${number(sum)}`];
    if (size[0] > 1) parts.push(`the other ${size[0] - 1} input channels add ${number(others)}`);
    if (bias[k]) parts.push(`bias ${number(bias[k])}`);
    said.textContent = `${parts.join(", ")} → result at row ${at[0]}, column ${at[1]}: ${number(out)}`;
  }

  function go(r, x) {
    at = [clamp(Math.round(r), 0, result.shape[0] - 1), clamp(Math.round(x), 0, result.shape[1] - 1)];
    tell();
    v.soon();
  }

  function keys(event) {
    const by = event.shiftKey ? 8 : 1, moves = { ArrowUp: [-by, 0], ArrowDown: [by, 0], ArrowLeft: [0, -by], ArrowRight: [0, by] }[event.key];
    if (!moves) return;
    event.preventDefault();
    event.stopPropagation();
    go(at[0] + moves[0], at[1] + moves[1]);
    v.say(said.textContent);
  }

  function framed(pen, box, y, x, h, w, c) {
    pen.strokeStyle = c.paper;
    pen.lineWidth = 4;
    pen.strokeRect(box[1] * x, box[0] * y, Math.max(box[1] * w, 3), Math.max(box[0] * h, 3));
    pen.strokeStyle = c["wrong"];
    pen.lineWidth = 2;
    pen.strokeRect(box[1] * x, box[0] * y, Math.max(box[1] * w, 3), Math.max(box[0] * h, 3));
  }

  const photo = canvas(v, { ...wide, tabindex: 0, label: "the image; arrow keys move the window", onkeydown: keys, draw(pen, w, h, c) {
    heat(pen, places(area), height, width, { x: 0, y: 0, w, h }, shape[0] === 3 ? (i) => [raw[i], raw[area + i], raw[2 * area + i]].map((x) => shade(x)[0]) : (i) => shade(ground[i]));
    const [r, x] = corner(), [dr, dx] = reach();
    framed(pen, [h / height, w / width], r, x, dr, dx, c);
  } });
  const outcome = canvas(v, { ...wide, tabindex: 0, label: "the result; arrow keys move the pixel", onkeydown: keys, draw(pen, w, h, c) {
    const most = strongest(result);
    heat(pen, result, ...result.shape, { x: 0, y: 0, w, h }, limits ? grey(limits) : (x) => c.diverging(x / most));
    framed(pen, [h / result.shape[0], w / result.shape[1]], at[0], at[1], 1, 1, c);
    const [lo, hi] = extent(result).map((x) => number(x, 3));
    range.textContent = limits ? `${lo} (dark) to ${hi} (light)` : `${lo} (orange) to ${hi} (blue), 0 is the ground`;
    caption.textContent = `result ${result.shape.join(" × ")}`;
  } });
  const overImage = (px, py) => {
    const [dr, dx] = reach(), box = photo.getBoundingClientRect();
    go(((py / box.height) * height - dr / 2 + padding[0]) / stride[0], ((px / box.width) * width - dx / 2 + padding[2]) / stride[1]);
  };
  const overResult = (px, py) => {
    const box = outcome.getBoundingClientRect();
    go((py / box.height) * result.shape[0] - 0.5, (px / box.width) * result.shape[1] - 0.5);
  };
  for (const [node, over] of [[photo, overImage], [outcome, overResult]]) pointer(node, { down: (x, y) => (over(x, y), node.focus(), true), move: over, hover: over });

  // ---------------------------------------------------------------- the numbers, and the kernel's cells to change
  const said = h("div"), caption = h("span"), range = h("div", { class: "ln-muted" });
  const cells = (words, values, colour) => canvas(v, { width: 132, height: 132, label: words, draw(pen, w, h, colours) {
    const list = values(), [rows, columns] = [size[1], size[2]], across = w / columns, down = h / rows, of = colour(list, colours);
    heat(pen, list, rows, columns, { x: 0, y: 0, w, h }, of);
    if (Math.max(rows, columns) > 5) return;
    pen.font = `${[13, 11, 9][clamp(columns - 3, 0, 2)]}px ui-monospace, Menlo, Consolas, monospace`;
    const most = strongest(list);
    pen.textAlign = "center";
    list.forEach((x, i) => {
      const [r, g, b] = of(x);
      pen.fillStyle = 0.3 * r + 0.59 * g + 0.11 * b > 140 ? "#101418" : "#ffffff";
      pen.fillText(short(x, most, columns).replace("-", "−"), across * ((i % columns) + 0.5), down * (Math.floor(i / columns) + 0.5) + 4);
    });
  } });
  const under = cells("the numbers under the window", () => patch(c), () => grey([state.image.lo, state.image.hi]));
  const products = cells("the products", () => patch(c).map((x, i) => x * slice()[i]), (list, colours) => (x) => colours.diverging(x / strongest(list)));
  const editor = h("div", { class: "ln-kernels-cells", role: "group", "aria-label": "the kernel's numbers" });
  let inputs = [];

  function build() {
    inputs = Array.from({ length: size[1] * size[2] }, (_, i) => cell(i));
    editor.style.fontSize = `${[13, 11, 9][clamp(size[2] - 3, 0, 2)]}px`;
    editor.style.gridTemplateColumns = `repeat(${size[2]}, minmax(0, 1fr))`;
    editor.replaceChildren(...inputs);
    write();
  }

  function cell(i) {
    const where = `row ${Math.floor(i / size[2])}, column ${i % size[2]}`;
    const input = h("input", { type: "number", step: "any", "aria-label": `kernel, ${where}`, oninput: () => Number.isFinite(input.valueAsNumber) && change(i, input.valueAsNumber),
      onchange: () => Number.isFinite(input.valueAsNumber) || (v.say(`The kernel at ${where} needs a number; it stays ${number(slice()[i])}.`, true), write()),
      onfocus: () => ((input.value = exactly(i)), input.select()), onblur: write,
      onkeydown: (event) => {
        event.stopPropagation();
        if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
        event.preventDefault();
        nudge(i, slice()[i] + (event.key === "ArrowUp" ? 1 : -1) * step() * (event.shiftKey ? 5 : 1));
      } });
    let from = null;
    input.addEventListener("pointerdown", (event) => (from = { y: event.clientY, value: slice()[i], by: step() / 3, moved: false }));
    input.addEventListener("pointermove", (event) => {
      if (!from || !(event.buttons & 1)) return;
      if (!from.moved && Math.abs(event.clientY - from.y) > 3) (from.moved = true), input.setPointerCapture(event.pointerId);
      if (from.moved) (event.preventDefault(), nudge(i, from.value + (from.y - event.clientY) * from.by));
    });
    for (const name of ["pointerup", "pointercancel"]) input.addEventListener(name, () => (from = null));
    return input;
  }

  const nudge = (i, value) => (change(i, Number(value.toFixed(4))), (inputs[i].value = slice()[i]));
  const change = (i, value) => ((slice()[i] = value), (preset.select.selectedIndex = 0), compute());
  const exactly = (i) => Number(slice()[i].toPrecision(4));
  const write = () => inputs.forEach((input, i) => (input.value = input === document.activeElement ? exactly(i) : short(slice()[i], strongest(slice()), size[2])));
  v.paint((colours) => {
    const most = strongest(slice());
    inputs.forEach((input, i) => {
      const [r, g, b] = colours.diverging(slice()[i] / most);
      Object.assign(input.style, { background: css([r, g, b]), color: 0.3 * r + 0.59 * g + 0.11 * b > 140 ? "#101418" : "#ffffff" });
    });
  });

  // ---------------------------------------------------------------- controls
  function put(name) { // a known kernel, in the middle of this one; the other input channels get the same, shared out
    const known = array(state.presets[name]), [, kh, kw] = size, top = (kh - 3) >> 1, left = (kw - 3) >> 1;
    kernel().fill(0);
    for (let channel = 0; channel < size[0]; channel++)
      known.forEach((x, i) => (kernel()[(channel * kh + top + Math.floor(i / 3)) * kw + left + (i % 3)] = x / size[0]));
    changed(`${name}${size[0] > 1 ? `, shared out over ${size[0]} input channels` : ""}`);
  }

  function normalize() {
    const sum = kernel().reduce((a, b) => a + b, 0), size = kernel().reduce((a, b) => a + Math.abs(b), 0);
    const by = Math.abs(sum) > 1e-6 * size ? sum : size;
    if (!by) return v.say("A kernel of zeros cannot be normalized.", true);
    kernel().forEach((x, i) => (kernel()[i] = x / by));
    changed(by === sum ? `divided by the sum ${number(sum)}: brightness is kept` : `the sum is 0, so divided by the sum of sizes ${number(size)}`);
  }

  const changed = (words) => (write(), compute(), v.say(`Kernel ${k}: ${words}.`));
  const tooSmall = Math.min(...state.weight.shape.slice(2)) < 3;
  const preset = choice("kernel", [["", "choose…"], ...names], "", (name) => name && put(name), { disabled: tooSmall });
  const pads = slider("padding", { min: 0, max: Math.max(2, Math.max(...state.weight.shape.slice(2)) - 1, ...padding), step: 1, value: padding[0], oninput(p) {
    const [dr, dx] = reach();
    if (height + 2 * p < dr || width + 2 * p < dx) return v.say("With so little padding the kernel does not fit into the image.", true);
    padding = [p, p, p, p];
    compute();
  } });
  const strides = slider("stride", { min: 1, max: 4, step: 1, value: stride[0], oninput: (n) => ((stride = [n, n]), compute()) });
  const colours = choice("colours", [["auto", "automatic"], ["signed", "orange −, blue +"], ["grey", "grey"]], "auto", (name) => ((shown = name), compute()));
  const inner = choice("input channel", Array.from({ length: state.weight.shape[1] }, (_, i) => [i, String(i)]), 0, (i) => ((c = i), write(), compute()));
  const apply = button("Write into the layer", () => v.send({ type: "apply", channel: k, kernel: [...kernel()] }), { class: "primary", disabled: !v.kernel });
  const undo = button("Undo", () => v.send({ type: "undo" }), { disabled: true });
  const reset = button("Reset", () => {
    kernel().set(original.subarray(k * length(), (k + 1) * length()));
    preset.select.selectedIndex = 0;
    changed("as it was");
  });

  // ---------------------------------------------------------------- all kernels
  const many = state.weight.shape[0], across = Math.min(many, el.clientWidth < 480 ? 8 : 16), down = Math.ceil(many / across);
  const choose = (i) => ((k = clamp(i, 0, many - 1)), (preset.select.selectedIndex = 0), write(), compute(), v.say(`Kernel ${k} of ${state.out}.`));
  const thumbs = canvas(v, { width: 36 * across, height: 36 * down, tabindex: 0, label: "all kernels; arrow keys choose one", draw(pen, w, h, colours) {
    const side = w / across, area = size[1] * size[2];
    for (let i = 0; i < many; i++) {
      const mine = weight.subarray(i * length(), (i + 1) * length()), most = strongest(mine), box = { x: (i % across) * side + 2, y: Math.floor(i / across) * side + 2, w: side - 4, h: side - 4 };
      const tint = (j) => [0, 1, 2].map((channel) => 127.5 * (1 + mine[channel * area + j] / most));
      if (size[0] === 3) heat(pen, places(area), size[1], size[2], box, tint);
      else heat(pen, mine.subarray(c * area, (c + 1) * area), size[1], size[2], box, (x) => colours.diverging(x / most));
      pen.strokeStyle = i === k ? colours.ink : colours.edge;
      pen.lineWidth = i === k ? 3 : 1;
      pen.strokeRect(box.x, box.y, box.w, box.h);
    }
  }, onkeydown(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    if (k + by >= 0 && k + by < many) choose(k + by);
  } });
  pointer(thumbs, { down(x, y) {
    const side = thumbs.getBoundingClientRect().width / across, i = Math.floor(y / side) * across + Math.floor(x / side);
    if (i < many) choose(i);
  } });

  const part = (words, node, extra) => h("div", { class: "ln-kernels-part" }, h("div", { class: "ln-muted" }, words), node, extra);
  const signed = (mark, node) => h("div", { class: "ln-kernels-signed" }, h("div", { class: "ln-kernels-sign" }, mark), node);
  const coloured = state.weight.shape[1] === 3 ? ", red, green and blue as colours around grey" : "";
  const formula = h("div", { class: "ln-kernels-product" }, part("under the window", under), signed("×", part("kernel (type, drag)", editor)), signed("=", part("products", products)));
  v.add(...[
    many > 1 && h("div", { class: "ln-kernels-all" }, h("div", { class: "ln-muted" }, `${many} of ${state.out} kernels${coloured}`), thumbs),
    columns(part(`image ${shape.join(" × ")}`, photo, h("div", { class: "ln-muted" }, "move over it, or use the arrow keys")), part(caption, outcome, range), h("div", { class: "ln-kernels-sums" }, formula, said)),
    row(preset, state.weight.shape[1] > 1 && inner, button("Normalize", normalize), reset, pads, strides, colours),
    state.writable && row(apply, undo, !v.kernel && h("span", { class: "ln-muted" }, "Writing into the layer needs a running kernel.")),
  ].filter(Boolean));
  v.frames(learn);
  learn(state);
  return v.stop;
}
