// A decision boundary on a canvas. The kernel sends three bytes a grid point (class, confidence, lead); all else is drawn here.
const SIZE = { width: 520, height: 400 };

function isDark(el) {
  const page = el.closest("[data-jp-theme-light]") ?? document.querySelector("[data-jp-theme-light]");
  if (page) return page.dataset.jpThemeLight === "false";
  if (document.body.classList.contains("vscode-dark")) return true;
  const named = document.documentElement.getAttribute("theme") ?? document.documentElement.dataset.theme;
  return named ? named === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

// The plane: one pixel a grid point, scaled up smoothly by the browser. Row 0 of the grid is the lowest.
function plane(grid, n, palette, paper, depth) {
  const image = new ImageData(n, n), base = rgb(paper), colours = palette.map(rgb);
  for (let row = 0; row < n; row++)
    for (let column = 0; column < n; column++) {
      const from = 3 * (row * n + column), to = 4 * ((n - 1 - row) * n + column);
      const known = grid[from] !== 255, colour = colours[grid[from] % colours.length];
      const strength = known ? 0.06 + (depth * grid[from + 1]) / 255 : 0;
      for (let c = 0; c < 3; c++) image.data[to + c] = base[c] + strength * (colour[c] - base[c]);
      image.data[to + 3] = 255;
    }
  const sheet = new OffscreenCanvas(n, n);
  sheet.getContext("2d").putImageData(image, 0, 0);
  return sheet;
}

// Where neighbours on the grid disagree. On each side of a cell the two leads (of the winner over
// the next) say where it changes hands.
function border(pen, grid, n, width, height, ink) {
  const dx = width / (n - 1), dy = height / (n - 1);
  const crossing = (r, c, down, right) => {
    const a = 3 * (r * n + c), b = 3 * ((r + down) * n + c + right);
    if (grid[a] === grid[b]) return null;
    const t = (grid[a + 2] + 0.5) / (grid[a + 2] + grid[b + 2] + 1);
    return [(c + t * right) * dx, height - (r + t * down) * dy];
  };
  pen.beginPath();
  for (let r = 0; r + 1 < n; r++)
    for (let c = 0; c + 1 < n; c++) {
      const sides = [crossing(r, c, 0, 1), crossing(r, c, 1, 0), crossing(r + 1, c, 0, 1), crossing(r, c + 1, 1, 0)].filter(Boolean);
      if (sides.length < 2) continue;
      const middle = [0, 1].map((i) => sides.reduce((sum, p) => sum + p[i], 0) / sides.length);
      const ends = sides.length === 2 ? [sides[1]] : sides.map(() => middle);
      ends.forEach((end, k) => (pen.moveTo(...sides[k]), pen.lineTo(...end)));
    }
  pen.strokeStyle = ink;
  pen.lineWidth = 1.4;
  pen.stroke();
}

// A shape a class, so that colour is not the only difference.
const SHAPES = [
  (p, x, y, r) => p.arc(x, y, r, 0, 2 * Math.PI),
  (p, x, y, r) => (p.moveTo(x, y - 1.2 * r), p.lineTo(x + 1.1 * r, y + 0.8 * r), p.lineTo(x - 1.1 * r, y + 0.8 * r), p.closePath()),
  (p, x, y, r) => p.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
  (p, x, y, r) => (p.moveTo(x, y - 1.3 * r), p.lineTo(x + 1.3 * r, y), p.lineTo(x, y + 1.3 * r), p.lineTo(x - 1.3 * r, y), p.closePath()),
  (p, x, y, r) => (p.moveTo(x, y + 1.2 * r), p.lineTo(x + 1.1 * r, y - 0.8 * r), p.lineTo(x - 1.1 * r, y - 0.8 * r), p.closePath()),
];

function mark(pen, k, x, y, r, colour, edge) {
  pen.beginPath();
  SHAPES[k % SHAPES.length](pen, x, y, r);
  pen.fillStyle = colour;
  pen.strokeStyle = edge;
  pen.lineWidth = 0.8;
  pen.fill();
  pen.stroke();
}

function draw(canvas, model, colours) {
  const { extent: [x0, x1, y0, y1], resolution: n, palette } = model.get("config");
  const scale = window.devicePixelRatio || 1, width = canvas.clientWidth || SIZE.width, height = canvas.clientHeight || SIZE.height;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d"), grid = bytes(model.get("grid")), wrong = bytes(model.get("wrong"));
  pen.scale(scale, scale);
  pen.imageSmoothingQuality = "high";
  const dx = width / (n - 1), dy = height / (n - 1); // grid points lie on the border, pixels have their centre inside
  pen.drawImage(plane(grid, n, palette, colours.paper, colours.dark ? 0.36 : 0.48), -dx / 2, -dy / 2, width + dx, height + dy);
  border(pen, grid, n, width, height, colours.ink);
  const raw = bytes(model.get("points")), classes = bytes(model.get("classes"));
  const points = new Float32Array(raw.slice().buffer);
  classes.forEach((k, i) => {
    const x = ((points[2 * i] - x0) / (x1 - x0)) * width, y = height - ((points[2 * i + 1] - y0) / (y1 - y0)) * height;
    mark(pen, k, x, y, 4, palette[k % palette.length], colours.paper);
    if (!wrong[i]) return;
    pen.beginPath();
    pen.arc(x, y, 7.5, 0, 2 * Math.PI);
    pen.strokeStyle = colours.ink;
    pen.lineWidth = 1.8;
    pen.stroke();
  });
}

function key(el, config, colours) {
  el.replaceChildren(...config.names.map((name, k) => {
    const item = document.createElement("span"), swatch = document.createElement("canvas");
    const scale = window.devicePixelRatio || 1;
    swatch.width = swatch.height = 14 * scale;
    const pen = swatch.getContext("2d");
    pen.scale(scale, scale);
    mark(pen, k, 7, 7, 4.5, config.palette[k % config.palette.length], colours.paper);
    item.append(swatch, name);
    return item;
  }), ...["◯ wrong side", `${config.features[0]} →`, `${config.features[1]} ↑`].map((words) =>
    Object.assign(document.createElement("span"), { textContent: words })));
}

function render({ model, el }) {
  const box = document.createElement("div"), canvas = document.createElement("canvas");
  const legend = document.createElement("div"), status = document.createElement("div");
  box.className = "learnnn-boundary";
  legend.className = "learnnn-key";
  status.className = "learnnn-status";
  canvas.setAttribute("role", "img");
  status.setAttribute("role", "status");
  box.append(canvas, legend, status);
  el.append(box);
  let waiting = 0, frames = 0;
  const paint = () => {
    waiting = 0;
    const config = model.get("config"), dark = isDark(el) ? 1 : 0;
    const colours = Object.fromEntries(Object.entries(config.theme).map(([role, pair]) => [role, pair[dark]]));
    colours.dark = dark;
    for (const [role, colour] of Object.entries(colours)) box.style.setProperty(`--${role}`, colour);
    draw(canvas, model, colours);
    if (legend.dataset.dark !== String(dark)) key(legend, config, colours);
    legend.dataset.dark = dark;
    canvas.setAttribute("aria-label", model.get("label"));
    status.textContent = model.get("status");
    canvas.dataset.frames = ++frames;
  };
  // many messages may arrive between two frames of the screen: draw the last one
  const soon = () => (waiting ||= requestAnimationFrame(paint));
  model.on("change", soon);
  const size = new ResizeObserver(soon), theme = new MutationObserver(soon);
  size.observe(canvas);
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });
  soon();
  return () => {
    model.off("change", soon);
    size.disconnect();
    theme.disconnect();
    cancelAnimationFrame(waiting);
  };
}

export default { render };
