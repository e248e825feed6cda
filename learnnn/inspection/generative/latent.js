// A latent plane: the decodings of a grid, the data as points, a point to drag, and a walk between two places.
const PLANE = 412, STEPS = 25, STRIP = 9;

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title), { state } = v;
  const [x0, x1, y0, y1] = state.extent, n = state.grid, middle = [(x0 + x1) / 2, (y0 + y1) / 2];
  let images, shape, sheet, points, classes, names = [], at = middle, exact = null, asked = null, tiles = true, dots = true;
  let from = [x0 + 0.15 * (x1 - x0), y0 + 0.2 * (y1 - y0)], to = [x0 + 0.85 * (x1 - x0), y0 + 0.8 * (y1 - y0)];

  function learn(frame) {
    if (frame.images) {
      images = array(frame.images);
      shape = images.shape.slice(1); // (H, W, 1 or 3)
      sheet = tiled();
      points = frame.points && array(frame.points);
      classes = frame.classes && array(frame.classes);
      names = frame.names ?? [];
      exact = null;
      ask();
    } else if (asked && frame.number === asked.number) {
      exact = { at: asked.at, image: array(frame.exact) };
      asked = null;
      ask();
    }
    tell();
    v.soon();
  }
  const same = (p, q) => Math.abs(p[0] - q[0]) + Math.abs(p[1] - q[1]) < 1e-9;
  function ask() { // one question at a time; an answer that does not come is not waited for
    if (!v.kernel || known() || (asked && performance.now() - asked.time < 2000)) return;
    asked = { at, time: performance.now(), number: Math.random() };
    v.send({ type: "decode", at, number: asked.number });
  }

  // All decodings on one sheet, row by row from the top.
  function tiled() {
    const [h, w, c] = shape, page = new OffscreenCanvas(n * w, n * h), pen = page.getContext("2d");
    for (let i = 0; i < n * n; i++) pen.putImageData(picture(images.subarray(i * h * w * c, (i + 1) * h * w * c)), (i % n) * w, Math.floor(i / n) * h);
    return page;
  }
  function picture(bytes) {
    const [h, w, c] = shape, image = new ImageData(w, h);
    for (let i = 0; i < h * w; i++) {
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = bytes[c * i + (c === 3 ? k : 0)];
      image.data[4 * i + 3] = 255;
    }
    return image;
  }
  // Between the four decodings around a place, by how near each is.
  function between([x, y]) {
    const [h, w, c] = shape, size = h * w * c, out = new Float32Array(size);
    const gx = clamp(((x - x0) / (x1 - x0)) * n - 0.5, 0, n - 1), gy = clamp(((y1 - y) / (y1 - y0)) * n - 0.5, 0, n - 1);
    const left = Math.min(Math.floor(gx), n - 2), top = Math.min(Math.floor(gy), n - 2), tx = gx - left, ty = gy - top;
    for (const [r, k, part] of [[top, left, (1 - ty) * (1 - tx)], [top, left + 1, (1 - ty) * tx], [top + 1, left, ty * (1 - tx)], [top + 1, left + 1, ty * tx]])
      for (let i = 0, start = (r * n + k) * size; i < size; i++) out[i] += part * images[start + i];
    return out;
  }
  const known = () => exact && same(exact.at, at);
  const decoding = () => (known() ? exact.image : between(at));

  function draw(pen, bytes, box) {
    const page = new OffscreenCanvas(shape[1], shape[0]);
    page.getContext("2d").putImageData(picture(bytes), 0, 0);
    pen.imageSmoothingEnabled = false;
    const fit = Math.min(box.w / shape[1], box.h / shape[0]);
    pen.drawImage(page, box.x, box.y, fit * shape[1], fit * shape[0]);
  }

  function tell() {
    const how = known() ? "decoded by the model" : v.kernel ? "the model is being asked" : `between the ${n} × ${n} decodings of the grid, as no kernel is running`;
    v.say(`${state.axes[0]} ${number(at[0], 3)}, ${state.axes[1]} ${number(at[1], 3)}: ${how}${nearest()}`);
  }
  function nearest() {
    if (!points || !names.length) return "";
    let best = Infinity, which = 0;
    classes.forEach((k, i) => {
      const far = ((points[2 * i] - at[0]) / (x1 - x0)) ** 2 + ((points[2 * i + 1] - at[1]) / (y1 - y0)) ** 2;
      if (far < best) (best = far), (which = k);
    });
    return `; the nearest point is of class ${names[which]}`;
  }
  function go(x, y) {
    at = [clamp(x, x0, x1), clamp(y, y0, y1)];
    v.decoding = between(at); // for tests, and for the curious
    ask();
    tell();
    v.soon();
  }

  // ---------------------------------------------------------------- the plane
  let marks;
  const plane = canvas(v, { width: PLANE, height: PLANE, tabindex: 0, label: "the latent plane; drag the point, or move it with the arrow keys", draw(pen, w, t, c) {
    marks = axes(pen, { x: 56, y: 6, w: w - 64, h: t - 44 }, [x0, x1], [y0, y1], c, { xlabel: state.axes[0], ylabel: state.axes[1] });
    const { box, X, Y } = marks;
    pen.save();
    pen.beginPath();
    pen.rect(box.x, box.y, box.w, box.h);
    pen.clip();
    pen.imageSmoothingEnabled = false;
    if (tiles) {
      pen.drawImage(sheet, box.x, box.y, box.w, box.h);
      pen.globalAlpha = dots && points ? 0.6 : 0;
      pen.fillStyle = c.paper;
      pen.fillRect(box.x, box.y, box.w, box.h);
      pen.globalAlpha = 1;
      for (let i = 1; i < n; i++) {
        stroke(pen, [[box.x + (i * box.w) / n, box.y], [box.x + (i * box.w) / n, box.y + box.h]], c.paper, 2);
        stroke(pen, [[box.x, box.y + (i * box.h) / n], [box.x + box.w, box.y + (i * box.h) / n]], c.paper, 2);
      }
    }
    if (dots && points) classes.forEach((k, i) => mark(pen, k, X(points[2 * i]), Y(points[2 * i + 1]), 3.6, c.classes[k % c.classes.length], c.paper));
    const ends = [from, to].map(([x, y]) => [X(x), Y(y)]);
    stroke(pen, ends, c.paper, 5);
    stroke(pen, ends, c.wrong, 2.2, [6, 4]);
    ends.forEach(([x, y], i) => ring(pen, x, y, 10, c.wrong, c.paper, "AB"[i]));
    ring(pen, X(at[0]), Y(at[1]), 9, c.ink, c.paper, "");
    pen.restore();
  } });
  function ring(pen, x, y, r, colour, paper, letter) {
    pen.beginPath();
    pen.arc(x, y, r, 0, 2 * Math.PI);
    pen.globalAlpha = letter ? 1 : 0.35;
    pen.fillStyle = paper;
    pen.fill();
    pen.globalAlpha = 1;
    for (const [line, width] of [[paper, 5], [colour, 2.5]]) (pen.strokeStyle = line), (pen.lineWidth = width), pen.stroke();
    pen.fillStyle = colour;
    pen.textAlign = "center";
    pen.font = `600 12px ${getComputedStyle(v.root).fontFamily}`;
    pen.fillText(letter, x, y + 4);
  }
  // An end of the walk is taken where the pointer comes down on it, else the point jumps there.
  const move = { point: go, A: (x, y) => end("A", x, y), B: (x, y) => end("B", x, y) };
  let taken = "point";
  function end(which, x, y) {
    const place = [clamp(x, x0, x1), clamp(y, y0, y1)];
    which === "A" ? (from = place) : (to = place);
    bar.show(bar.at);
  }
  const here = (px, py) => [marks.x(px), marks.y(py)];
  const over = ([x, y], px, py) => Math.hypot(marks.X(x) - px, marks.Y(y) - py) < 14;
  pointer(plane, {
    down: (px, py) => {
      plane.focus();
      taken = over(from, px, py) ? "A" : over(to, px, py) ? "B" : "point";
      bar.pause();
      if (taken === "point") go(...here(px, py));
      return true;
    },
    move: (px, py) => move[taken](...here(px, py)),
  });
  plane.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key], step = event.shiftKey ? 8 : 40;
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    bar.pause();
    go(at[0] + (by[0] * (x1 - x0)) / step, at[1] + (by[1] * (y1 - y0)) / step);
  });

  // ---------------------------------------------------------------- its decoding, and the walk
  const first = array(state.images).shape, tall = first[1] / first[2];
  const large = canvas(v, { width: 200, height: Math.max(20, 200 * tall), label: "the decoding of the point", draw: (pen, w, t) => draw(pen, decoding(), { x: 0, y: 0, w, h: t }) });
  const along = (part) => [0, 1].map((i) => from[i] + part * (to[i] - from[i]));
  const strip = canvas(v, { width: 64 * STRIP, height: Math.max(12, 64 * tall), label: `${STRIP} decodings along the walk from A to B`, draw(pen, w, t, c) {
    const side = w / STRIP;
    for (let i = 0; i < STRIP; i++) draw(pen, between(along(i / (STRIP - 1))), { x: i * side + 1, y: 0, w: side - 2, h: t });
    const place = (bar.at / (STEPS - 1)) * (STRIP - 1) * side + side / 2;
    stroke(pen, [[place, t - 3], [place, t]], c.wrong, side * 0.8);
  } });
  const bar = playbar(v, { length: STEPS, fps: 12, name: "walk from A to B", label: (i) => `${Math.round((100 * i) / (STEPS - 1))} % of the way`, go: (i) => go(...along(i / (STEPS - 1))) });
  const ends = row(button("Begin the walk here (A)", () => ((from = [...at]), bar.show(0), v.say("The walk begins here."))),
    button("End it here (B)", () => ((to = [...at]), bar.show(STEPS - 1), v.say("The walk ends here."))));
  const key = h("div", { class: "ln-key" });
  v.paint((c) => key.replaceChildren(...names.map((name, k) => {
    const swatch = h("canvas", { width: 28, height: 28, style: "width:14px;height:14px" }), pen = swatch.getContext("2d");
    pen.scale(2, 2);
    mark(pen, k, 7, 7, 4.5, c.classes[k % c.classes.length], c.paper);
    return h("span", {}, swatch, name);
  })));
  const shown = row(check("decodings", true, (on) => ((tiles = on), v.soon())), state.points ? check("encodings", true, (on) => ((dots = on), v.soon())) : "");
  v.add(columns(h("div", { class: "ln-latent-plane" }, shown, plane, key), h("div", { class: "ln-latent-side" }, h("div", { class: "ln-muted" }, "what the point decodes to"), large, ends, h("div", { class: "ln-muted" }, "along the walk"), strip, bar)));
  v.frames(learn);
  learn(state);
  bar.show(STEPS >> 1);
  return v.stop;
}
