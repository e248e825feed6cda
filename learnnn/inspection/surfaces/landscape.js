// A landscape: from above as a map, and as a surface to turn. `at` is where the cross (or the ball) stands.
function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title ?? "");
  const { names, height, ball } = v.state, ground = terrain(v.state.terrain), path = pairs(array(v.state.path));
  const losses = array(v.state.pathLosses), turned = { around: -0.6, up: 0.65 };
  let at = v.state.spot.slice(0, 2), spot = v.state.spot, walked = path.length - 1, pointed = null;
  if (ball) at = steepPlace(ground);
  const rolling = ball && newBall(at, ball.lr);

  const say = () => {
    const told = `${names[0]} ${number(at[0], 3)}, ${names[1]} ${number(at[1], 3)}: ${height} ${number(ground.at(...at))}`;
    v.say(ball ? ballWords(rolling, ground, told) : told);
  };
  const move = (x, y) => {
    at = ground.inside(x, y);
    if (ball) rolling.put(at);
    say();
    v.soon();
  };
  const tell = (x, y) => ((pointed = ground.holds(x, y) ? [x, y] : null), v.soon());

  // ------------------------------------------------------------------------------------------------ from above
  let plot = null;
  const map = canvas(v, { width: 440, height: 370, tabindex: 0, class: "ln-map", style: "max-width:440px;aspect-ratio:440/370",
    label: `map of ${height} over ${names.join(" and ")}; arrow keys move the ${ball ? "ball" : "cross"}`,
    draw: (pen, w, t, c) => {
      plot = drawMap(pen, { x: 54, y: 10, w: w - 66, h: t - 54 }, ground, names, c);
      pen.save();
      pen.beginPath();
      pen.rect(plot.box.x, plot.box.y, plot.box.w, plot.box.h);
      pen.clip();
      const place = ([x, y]) => [plot.X(x), plot.Y(y)];
      drawPath(pen, path.map(place), walked, c);
      if (rolling) drawTrail(pen, rolling.trail.map(place), c);
      if (!ball) drawSpot(pen, place(spot), c);
      drawAt(pen, place(at), plot.box, ball, c);
      if (pointed) mark(pen, 0, ...place(pointed), 3, c.ink, c.paper);
      pen.restore();
    } });
  pointer(map, {
    down: (px, py) => (map.focus({ preventScroll: true }), rolling?.stop(), move(plot.x(px), plot.y(py)), true),
    move: (px, py) => move(plot.x(px), plot.y(py)),
    up: () => ball && roll(true),
    hover: (px, py) => tell(plot.x(px), plot.y(py)),
    leave: () => tell(NaN, NaN),
  });
  arrows(map, (dx, dy) => (rolling?.stop(), move(at[0] + dx * ground.cell[0], at[1] + dy * ground.cell[1])));

  // ------------------------------------------------------------------------------------------------ the surface
  let seen = null, dragged = 0, from = null;
  const surface = canvas(v, { width: 440, height: 370, tabindex: 0, class: "ln-surface", style: "max-width:440px;aspect-ratio:440/370;cursor:grab",
    label: `surface of ${height}; drag or use the arrow keys to turn it`,
    draw: (pen, w, t, c) => {
      seen = projection(ground, turned, w, t);
      drawSurface(pen, ground, seen, names, c);
      const place = ([x, y]) => seen.place(x, y);
      drawCuts(pen, ground, at, place, c);
      drawPath(pen, path.map(place), walked, c);
      if (rolling) drawTrail(pen, rolling.trail.map(place), c);
      if (!ball) drawSpot(pen, place(spot), c);
      if (ball) drawBall(pen, place(at), c);
      if (pointed) mark(pen, 0, ...place(pointed), 3, c.ink, c.paper);
    } });
  const turn = (dx, dy) => ((turned.around += dx), (turned.up = clamp(turned.up + dy, 0.1, Math.PI / 2)), v.soon());
  pointer(surface, {
    down: (px, py) => (surface.focus({ preventScroll: true }), (from = [px, py]), (dragged = 0), true),
    move: (px, py) => (turn((px - from[0]) / 130, (py - from[1]) / 130), (dragged += Math.abs(px - from[0]) + Math.abs(py - from[1])), (from = [px, py])),
    up: (px, py) => { if (dragged < 4) (rolling?.stop(), move(...seen.nearest(px, py)), ball && roll(true)); },
    hover: (px, py) => tell(...seen.nearest(px, py)),
    leave: () => tell(NaN, NaN),
  });
  arrows(surface, (dx, dy) => turn(-0.08 * dx, 0.08 * dy));

  // ------------------------------------------------------------------------------------------------ the two cuts
  const cuts = canvas(v, { width: 440, height: 190, class: "ln-cuts", style: "max-width:440px;aspect-ratio:440/190",
    label: `${height} along both axes through the ${ball ? "ball" : "cross"}`, draw: (pen, w, t, c) => drawProfiles(pen, w, t, ground, at, names, c) });

  // ------------------------------------------------------------------------------------------------ controls
  const panes = { map: h("div", { class: "ln-pane" }, map), surface: h("div", { class: "ln-pane" }, surface) };
  const show = (which) => {
    for (const [name, pane] of Object.entries(panes)) pane.hidden = which !== "both" && which !== name;
    v.soon();
  };
  const scale = slider("scale", { min: 0, max: 1, step: 0.05, value: ground.mix, format: (m) => (m === 0 ? "linear" : m === 1 ? "log" : number(m, 2)), oninput: (m) => (ground.rescale(m), v.soon()) });
  const controls = h("div", { class: "ln-pane" }, cuts, row(choice("show", [["both", "map and surface"], ["map", "2-D map"], ["surface", "3-D surface"]], "both", show), scale));
  const hovered = h("p", { class: "ln-muted ln-hovered" }, "");
  v.paint(() => (hovered.textContent = pointed ? `at the pointer (${number(pointed[0], 3)}, ${number(pointed[1], 3)}): ${height} ${number(ground.at(...pointed))}` : ball ? "Click on the hills to drop the ball." : "Drag in the map to move the cuts, drag the surface to turn it."));
  let roll = () => {};
  if (ball) controls.append(ballControls());
  if (path.length) {
    const label = (i) => `${i + 1} of ${path.length}: ${height} ${number(losses[i])}`;
    controls.append(playbar(v, { length: path.length, at: walked, name: "step of the path", label, go: (i) => ((walked = i), (at = ground.inside(...path[i])), say()) }));
    controls.querySelector(".ln-play").show(walked);
  }
  controls.append(hovered);
  if (!ball) controls.append(h("div", { class: "ln-key" }, h("span", {}, `◆ ${v.state.marked}`), path.length ? h("span", {}, "● the path, large where you are on it") : null));
  v.add(columns(panes.map, panes.surface, controls));
  v.frames((frame) => frame.spot && ((spot = frame.spot), (at = ground.inside(...spot)), say()));
  say();

  function ballControls() {
    let timer = 0;
    const step = () => {
      const ended = rolling.step(ground);
      at = rolling.at;
      if (ended || !v.root.isConnected) rolling.stop();
      say();
      v.soon();
    };
    const go = button("▶ Roll", () => roll(!timer), { class: "primary" });
    rolling.stop = () => (clearInterval(timer), (timer = 0), (go.textContent = "▶ Roll"));
    roll = (on) => {
      rolling.stop();
      if (!on || rolling.ended) return;
      timer = setInterval(step, 60);
      go.textContent = "⏸ Pause";
    };
    const power = (p) => number(10 ** p, 2);
    return h("div", {},
      row(go, button("Step", () => (roll(false), step())), button("Back", () => (roll(false), rolling.back(), (at = rolling.at), say(), v.soon()), { "aria-label": "back to where the ball was dropped" })),
      row(slider("learning rate", { min: -5, max: 1, step: 0.05, value: Math.log10(ball.lr), format: power, oninput: (p) => (rolling.lr = 10 ** p) }),
        slider("momentum", { min: 0, max: 0.99, step: 0.01, value: 0, format: (m) => number(m, 2), oninput: (m) => (rolling.momentum = m) })));
  }
  const stop = v.stop;
  return () => (rolling?.stop(), stop());
}

const pairs = (flat) => Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);

// Arrow keys: go(dx, dy) in steps of 1, of 5 with Shift.
function arrows(node, go) {
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  node.addEventListener("keydown", (event) => {
    if (!(event.key in ways)) return;
    const far = event.shiftKey ? 5 : 1;
    go(...ways[event.key].map((d) => d * far));
    event.preventDefault();
    event.stopPropagation();
  });
}

// ---------------------------------------------------------------------------------------------------- the ground
function terrain(packed) {
  const xs = array(packed.xs), ys = array(packed.ys), values = array(packed.values), [lo, hi] = packed.span;
  const ends = [[xs[0], xs.at(-1)], [ys[0], ys.at(-1)]], cell = ends.map(([a, b], k) => (b - a) / ([xs, ys][k].length - 1));
  const linear = (value) => (value - lo) / (hi - lo || 1), bottom = Math.log10(lo - packed.floor), top = Math.log10(hi - packed.floor);
  const logged = (value) => (Math.log10(value - packed.floor) - bottom) / (top - bottom || 1);
  const lines = Object.fromEntries(Object.entries(packed.lines).map(([name, flat]) => [name, pairs(array(flat))]));
  const g = { xs, ys, values, ends, cell, lo, hi, floor: packed.floor, shades: new Float32Array(values.length) };
  g.shade = (value) => {
    const shade = g.mix * logged(value) + (1 - g.mix) * linear(value);
    return Number.isFinite(value) && Number.isFinite(shade) ? clamp(shade, 0, 1) : 1;
  };
  g.unshade = (shade) => {
    if (shade <= 0 || shade >= 1) return shade <= 0 ? lo : hi;
    let a = lo, b = hi;
    for (let i = 0; i < 50; i++) g.shade((a + b) / 2) < shade ? (a = (a + b) / 2) : (b = (a + b) / 2);
    return (a + b) / 2;
  };
  g.rescale = (mix) => {
    g.mix = mix;
    values.forEach((value, i) => (g.shades[i] = g.shade(value)));
    g.lines = lines[mix < 0.5 ? "linear" : "log"];
  };
  const between = (table) => (x, y) => {
    const [u, w] = [x, y].map((p, k) => clamp((p - ends[k][0]) / cell[k], 0, [xs, ys][k].length - 1));
    const i = Math.min(Math.floor(u), xs.length - 2), j = Math.min(Math.floor(w), ys.length - 2), a = u - i, b = w - j;
    const get = (r, k) => table[r * xs.length + k];
    const below = a ? get(j, i) * (1 - a) + get(j, i + 1) * a : get(j, i), above = a ? get(j + 1, i) * (1 - a) + get(j + 1, i + 1) * a : get(j + 1, i);
    return b ? below * (1 - b) + above * b : below;
  };
  g.at = between(values);
  g.shadeAt = between(g.shades);
  g.holds = (x, y) => [x, y].every((p, k) => p >= ends[k][0] && p <= ends[k][1]);
  g.inside = (x, y) => [clamp(x, ...ends[0]), clamp(y, ...ends[1])];
  g.slope = slopes(g).map(between);
  g.rescale(packed.log ? 1 : 0);
  return g;
}

// The slope along x and along y at every place of the grid, by central differences; at the rim with three places.
function slopes({ xs, ys, values, cell }) {
  const one = (i, n, get, step) => {
    if (i === 0) return (-3 * get(0) + 4 * get(1) - get(2)) / (2 * step);
    if (i === n - 1) return (3 * get(n - 1) - 4 * get(n - 2) + get(n - 3)) / (2 * step);
    return (get(i + 1) - get(i - 1)) / (2 * step);
  };
  const across = new Float64Array(values.length), up = new Float64Array(values.length), n = xs.length;
  for (let r = 0; r < ys.length; r++)
    for (let k = 0; k < n; k++) {
      across[r * n + k] = one(k, n, (i) => values[r * n + i], cell[0]);
      up[r * n + k] = one(r, ys.length, (i) => values[i * n + k], cell[1]);
    }
  return [across, up];
}

// ---------------------------------------------------------------------------------------------------- the ball
// Gradient descent with momentum as PyTorch has it: v = momentum v + slope, place -= lr v.
function newBall(at, lr) {
  const b = { at, lr, momentum: 0, trail: [at], speed: [0, 0], steps: 0, ended: "", stop() {} };
  b.put = (place) => Object.assign(b, { at: place, dropped: place, trail: [place], speed: [0, 0], steps: 0, ended: "" });
  b.back = () => b.put(b.dropped ?? b.at);
  b.step = (ground) => {
    if (b.ended) return true;
    b.dropped ??= b.at;
    b.speed = b.speed.map((s, k) => b.momentum * s + ground.slope[k](...b.at));
    const next = b.at.map((p, k) => p - b.lr * b.speed[k]);
    if (!next.every(Number.isFinite) || !ground.holds(...next)) b.ended = "it left the map: the learning rate is too large for these slopes, or the way down leads outside";
    else {
      const moved = Math.hypot(...next.map((p, k) => (p - b.at[k]) / ground.cell[k]));
      b.at = next;
      b.steps++;
      b.trail.push(next);
      if (b.trail.length > 400) b.trail.shift();
      if (moved < 1e-4 && Math.hypot(...b.speed.map((s) => s * b.lr)) < 1e-4 * Math.min(...ground.cell)) b.ended = "it lies still";
      if (b.steps >= 2000) b.ended = "2000 steps are enough";
    }
    return !!b.ended;
  };
  return b;
}

function ballWords(b, ground, told) {
  const slope = Math.hypot(ground.slope[0](...b.at), ground.slope[1](...b.at));
  return `step ${b.steps}: ${told}, slope ${number(slope, 3)}${b.ended ? `; ${b.ended}` : ""}`;
}

// Where to begin: high up, but not on the rim.
function steepPlace(ground) {
  const [[x0, x1], [y0, y1]] = ground.ends, places = [0.15, 0.85].flatMap((a) => [0.15, 0.85].map((b) => [x0 + a * (x1 - x0), y0 + b * (y1 - y0)]));
  const finite = places.filter((p) => Number.isFinite(ground.at(...p)));
  return finite.sort((p, q) => ground.at(...q) - ground.at(...p))[Math.floor(finite.length / 2)] ?? places[0];
}

// ---------------------------------------------------------------------------------------------------- drawing
function drawMap(pen, box, ground, names, c) {
  const { xs, ys } = ground, half = [box.w / (xs.length - 1) / 2, box.h / (ys.length - 1) / 2];
  pen.save();
  pen.beginPath();
  pen.rect(box.x, box.y, box.w, box.h);
  pen.clip();
  const cells = { x: box.x - half[0], y: box.y - half[1], w: box.w + 2 * half[0], h: box.h + 2 * half[1] };
  heat(pen, ground.shades, ys.length, xs.length, cells, c.sequential, { smooth: true, up: true });
  pen.restore();
  const plot = axes(pen, box, ...ground.ends, c, { xlabel: names[0], ylabel: names[1], grid: false });
  pen.globalAlpha = 0.45;
  stroke(pen, ground.lines.map(([x, y]) => [plot.X(x), plot.Y(y)]), c.ink, 0.8);
  pen.globalAlpha = 1;
  return plot;
}

function drawPath(pen, places, walked, c) {
  if (!places.length) return;
  stroke(pen, places, c.paper, 4.5);
  stroke(pen, places, c["yours-edge"], 2);
  for (const place of places) mark(pen, 0, ...place, 2.2, c["yours-edge"], c.paper);
  mark(pen, 0, ...places[walked], 6, c["yours-edge"], c.paper);
}

const drawTrail = (pen, places, c) => {
  stroke(pen, places, c.paper, 4);
  stroke(pen, places, c["yours-edge"], 1.8);
  for (const place of places) mark(pen, 0, ...place, 2, c["yours-edge"], c.paper);
};
const drawSpot = (pen, place, c) => mark(pen, 3, ...place, 6, c["yours-edge"], c.paper);

function drawAt(pen, [x, y], box, ball, c) {
  if (ball) return drawBall(pen, [x, y], c);
  stroke(pen, [[box.x, y], [box.x + box.w, y]], c["wrong-ink"], 1.4);
  stroke(pen, [[x, box.y], [x, box.y + box.h]], c["parameter-edge"], 1.4, [6, 4]);
}

function drawBall(pen, [x, y], c) {
  const light = pen.createRadialGradient(x - 3, y - 4, 1, x, y, 9);
  light.addColorStop(0, "#ffffff");
  light.addColorStop(1, c["yours-edge"]);
  mark(pen, 0, x, y, 8, light, c.ink);
}

// How places of the ground come to the screen: turned around the upright axis, then seen from above by `up`.
function projection(ground, turned, w, t) {
  const size = 0.66 * Math.min(w, t * 1.1), tall = 0.62, [ca, sa, cu, su] = [Math.cos(turned.around), Math.sin(turned.around), Math.cos(turned.up), Math.sin(turned.up)];
  const flatten = (u, w2, shade) => {
    const far = u * sa + w2 * ca;
    return [w / 2 + size * (u * ca - w2 * sa), t / 2 - size * (far * su + (shade - 0.45) * tall * cu), far];
  };
  const part = (p, k) => (p - ground.ends[k][0]) / (ground.ends[k][1] - ground.ends[k][0]) - 0.5;
  const n = ground.xs.length, m = ground.ys.length, grid = new Array(n * m);
  for (let r = 0; r < m; r++) for (let k = 0; k < n; k++) grid[r * n + k] = flatten(k / (n - 1) - 0.5, r / (m - 1) - 0.5, ground.shades[r * n + k]);
  const nearest = (px, py) => {
    let best = [Infinity, 0];
    grid.forEach(([x, y, far], i) => {
      const off = (x - px) ** 2 + (y - py) ** 2 + (far + 1) * 40; // what is in front hides what is behind
      if ((x - px) ** 2 + (y - py) ** 2 < 400 && off < best[0]) best = [off, i];
    });
    return best[0] < Infinity ? [ground.xs[best[1] % n], ground.ys[Math.floor(best[1] / n)]] : [NaN, NaN];
  };
  return { ca, sa, cu, su, tall, grid, flatten, nearest, place: (x, y) => flatten(part(x, 0), part(y, 1), ground.shadeAt(x, y)).slice(0, 2) };
}

// Cells from the far side to the near one, so that what is in front covers what is behind. On a fine grid every other
// line is drawn, so that turning stays smooth.
function drawSurface(pen, ground, seen, names, c) {
  const { grid, ca, sa } = seen, n = ground.xs.length, m = ground.ys.length;
  drawFloor(pen, seen, c);
  const by = n > 45 && n % 2 && m % 2 ? 2 : 1, order = (count, back) => Array.from({ length: count }, (_, i) => by * (back ? count - 1 - i : i));
  const rows = order((m - 1) / by, ca > 0), cols = order((n - 1) / by, sa > 0);
  const steep = (seen.tall * (n - 1)) / by, sun = [-0.45 * ca + 0.35 * sa, 0.45 * sa + 0.35 * ca, 0.82];
  pen.lineWidth = 0.5;
  for (const r of rows)
    for (const k of cols) {
      const i = r * n + k, corners = [i, i + by, i + by * (n + 1), i + by * n], [a, b, d, e] = corners.map((j) => ground.shades[j]);
      const du = ((b - a + d - e) / 2) * steep, dw = ((e - a + d - b) / 2) * steep, length = Math.hypot(du, dw, 1);
      const light = 0.62 + 0.38 * Math.max(0, (-du * sun[0] - dw * sun[1] + sun[2]) / length);
      pen.beginPath();
      corners.forEach((j, q) => (q ? pen.lineTo(grid[j][0], grid[j][1]) : pen.moveTo(grid[j][0], grid[j][1])));
      pen.closePath();
      pen.fillStyle = css(c.sequential((a + b + d + e) / 4).map((x) => x * light + (c.dark ? 18 : 0)));
      pen.strokeStyle = (n - 1) / by > 45 ? pen.fillStyle : c.dark ? "rgba(255,255,255,.16)" : "rgba(0,30,60,.22)";
      pen.fill();
      pen.stroke();
    }
  nameSides(pen, seen, names, c);
}

function drawFloor(pen, seen, c) {
  const corners = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]].map(([u, w]) => seen.flatten(u, w, 0));
  stroke(pen, [...corners, corners[0]], c.edge, 1);
}

// Each axis by the side of the floor that is near.
function nameSides(pen, seen, names, c) {
  pen.fillStyle = c.muted;
  pen.textAlign = "center";
  const sides = [[[0, -0.58], [0, 0.58]], [[-0.58, 0], [0.58, 0]]];
  sides.forEach((pair, k) => {
    const [near] = pair.map(([u, w]) => seen.flatten(u, w, 0)).sort((p, q) => p[2] - q[2]);
    const half = pen.measureText(names[k]).width / 2 + 4;
    pen.fillText(names[k], clamp(near[0], half, pen.canvas.clientWidth - half), Math.min(near[1] + 14, pen.canvas.clientHeight - 6));
  });
}

function drawCuts(pen, ground, at, place, c) {
  stroke(pen, Array.from(ground.xs, (x) => place([x, at[1]])), c["wrong-ink"], 1.8);
  stroke(pen, Array.from(ground.ys, (y) => place([at[0], y])), c["parameter-edge"], 1.8, [6, 4]);
}

// The heights along both axes through a place, from end to end.
function drawProfiles(pen, w, t, ground, at, names, c) {
  const box = { x: 60, y: 26, w: w - 72, h: t - 44 }, lines = [Array.from(ground.xs, (x) => [x, at[1]]), Array.from(ground.ys, (y) => [at[0], y])];
  const far = (p, k) => (p - ground.ends[k][0]) / (ground.ends[k][1] - ground.ends[k][0]);
  const plot = axes(pen, box, [0, 1], [0, 1], c, { bare: true });
  pen.textAlign = "right";
  pen.fillStyle = c.muted;
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    stroke(pen, [[box.x, plot.Y(part)], [box.x + box.w, plot.Y(part)]], c.edge, 0.5);
    pen.fillText(number(ground.unshade(part), 3), box.x - 6, plot.Y(part) + 4);
  }
  const look = [[c["wrong-ink"], []], [c["parameter-edge"], [6, 4]]];
  lines.forEach((line, k) => {
    stroke(pen, line.map((p) => [plot.X(far(p[k], k)), plot.Y(ground.shadeAt(...p))]), look[k][0], 1.8, look[k][1]);
    mark(pen, 0, plot.X(far(at[k], k)), plot.Y(ground.shadeAt(...at)), 4, look[k][0], c.paper);
  });
  pen.textAlign = "left";
  names.forEach((name, k) => {
    const x = box.x + (k * box.w) / 2;
    stroke(pen, [[x, 13], [x + 22, 13]], look[k][0], 2, look[k][1]);
    pen.fillStyle = c.ink;
    pen.fillText(name, x + 28, 17);
  });
  pen.fillStyle = c.muted;
  pen.textAlign = "center";
  pen.fillText("from one end of the map to the other", box.x + box.w / 2, t - 4);
}
