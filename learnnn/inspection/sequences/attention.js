// Attention: a grid of heads, one of them large, and lines from a token to those it looks at.
const THUMB = 52;

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title), { state } = v;
  let layers = [], i = state.layer, head = state.head, q = 0, k = 0;

  function learn(frame) {
    layers = frame.layers.map((layer) => {
      const packed = array(layer.weights), [heads, L, S] = packed.shape;
      const all = packed instanceof Uint8Array ? Float32Array.from(packed, (b) => (b * layer.top) / 255) : packed;
      return { ...layer, heads, L, S, entropy: array(layer.entropy), of: (n) => all.subarray(n * L * S, (n + 1) * L * S) };
    });
    choose(Math.min(i, layers.length - 1), head);
  }

  const layer = () => layers[i];
  const weights = () => layer().of(head);
  const weight = (a, b) => weights()[a * layer().S + b];
  const top = (values) => values.reduce((a, b) => Math.max(a, b), 0) || 1;

  function choose(n, m) {
    i = clamp(n, 0, layers.length - 1);
    head = clamp(m, 0, layer().heads - 1);
    q = clamp(q, 0, layer().L - 1);
    k = clamp(k, 0, layer().S - 1);
    pick.set(i);
    size();
    lines();
    caption.textContent = `layer ${layer().path}, head ${head} of ${layer().heads}: entropy ${number(layer().entropy[head], 3)} bits, up to ${number(top(weights()), 3)}`;
    v.soon();
  }

  function tell() {
    const w = weight(q, k), seen = Array.from({ length: layer().S }, (_, b) => weight(q, b));
    const bits = -seen.reduce((sum, p) => sum + (p > 0 ? p * Math.log2(p) : 0), 0);
    const told = w === 0 ? "does not look at" : "looks at";
    v.say(`“${layer().queries[q]}” (${q}) ${told} “${layer().keys[k]}” (${k})${w === 0 ? ": 0, masked out" : `: ${number(w, 3)}`}. Its row: ${number(Math.abs(bits), 3)} bits`);
  }
  function at(a, b) {
    const row = clamp(a, 0, layer().L - 1), moved = row !== q;
    q = row;
    k = clamp(b, 0, layer().S - 1);
    moved ? lines() : light();
    tell();
    v.soon();
  }
  const arrows = (event, steps) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    steps[event.key]();
  };

  // ---------------------------------------------------------------- all heads, small
  const grid = h("canvas", { tabindex: 0, role: "img" });
  v.paint((c) => {
    const most = Math.max(...layers.map((l) => l.heads)), room = Math.max(200, Math.min(grid.parentNode.clientWidth || 400, 320));
    const side = clamp(room / most - 8, 14, THUMB), scale = window.devicePixelRatio || 1, w = most * (side + 8), t = layers.length * (side + 36);
    Object.assign(grid.style, { width: `${w}px`, height: `${t}px` });
    Object.assign(grid, { width: w * scale, height: t * scale, side });
    grid.setAttribute("aria-label", `all heads, a layer a row; arrow keys choose one`);
    const pen = grid.getContext("2d");
    pen.scale(scale, scale);
    pen.font = `11px ${getComputedStyle(v.root).fontFamily}`;
    layers.forEach((l, n) => {
      const y = n * (side + 36) + 15;
      pen.fillStyle = n === i ? c.ink : c.muted;
      pen.fillText(`layer ${l.path}`, 2, y - 4);
      for (let m = 0; m < l.heads; m++) {
        const values = l.of(m), most = top(values), fit = side / Math.max(l.L, l.S), x = m * (side + 8) + 2, chosen = n === i && m === head;
        heat(pen, values, l.L, l.S, { x, y, w: fit * l.S, h: fit * l.L }, (p) => c.sequential(p / most));
        pen.strokeStyle = chosen ? c.ink : c.edge;
        pen.lineWidth = chosen ? 3 : 1;
        pen.strokeRect(x, y, fit * l.S, fit * l.L);
        pen.fillStyle = chosen ? c.ink : c.muted;
        if (side >= 30) pen.fillText(number(Math.round(l.entropy[m] * 100) / 100, 3) + (m ? "" : side > 44 ? " bits" : ""), x, y + side + 12);
      }
    });
  });
  pointer(grid, { down(x, y) {
    choose(Math.floor(y / (grid.side + 36)), Math.floor(x / (grid.side + 8)));
    tell();
  } });
  grid.addEventListener("keydown", (event) => arrows(event, {
    ArrowLeft: () => (choose(i, head - 1), tell()), ArrowRight: () => (choose(i, head + 1), tell()),
    ArrowUp: () => (choose(i - 1, head), tell()), ArrowDown: () => (choose(i + 1, head), tell()),
  }));

  // ---------------------------------------------------------------- one head, large
  const large = h("canvas", { tabindex: 0, role: "img", "aria-label": "the weights of the chosen head; arrow keys read them" });
  const caption = h("div", { class: "ln-muted" });
  let cell = 20, left = 30, below = 30;
  const width = (word) => (pen.font = "12px sans-serif", pen.measureText(word).width);
  const pen = large.getContext("2d");
  function size() {
    const full = Math.min(Math.max(240, (v.root.clientWidth || 500) - 30), 410);
    left = Math.min(90, Math.max(...layer().queries.map(width)) + 10);
    below = Math.min(90, Math.max(...layer().keys.map(width)) + 10);
    cell = clamp(Math.min((full - left) / layer().S, 380 / layer().L), 3, 30);
    const flat = Math.max(...layer().keys.map(width)) < cell - 2;
    below = flat ? 20 : below;
    large.flat = flat;
  }
  v.paint((c) => {
    size();
    const { L, S, queries, keys } = layer(), scale = window.devicePixelRatio || 1, w = left + S * cell + 2, t = L * cell + below + 2, most = top(weights());
    Object.assign(large.style, { width: `${w}px`, height: `${t}px` });
    Object.assign(large, { width: w * scale, height: t * scale });
    pen.scale(scale, scale);
    heat(pen, weights(), L, S, { x: left, y: 1, w: S * cell, h: L * cell }, (p) => c.sequential(p / most));
    for (let a = 0; a < L; a++)
      for (let b = 0, from = -1; b <= S; b++) {
        const zero = b < S && weight(a, b) === 0;
        if (zero && from < 0) from = b;
        if (!zero && from >= 0) (stroke(pen, [[left + from * cell + 1, 1 + (a + 0.5) * cell], [left + b * cell - 1, 1 + (a + 0.5) * cell]], c.edge, 1), (from = -1));
      }
    pen.strokeStyle = c.edge;
    pen.strokeRect(left, 1, S * cell, L * cell);
    const step = Math.max(1, Math.ceil(13 / cell)), font = getComputedStyle(v.root).fontFamily;
    pen.textAlign = "right";
    for (let a = 0; a < L; a++) {
      if (a % step && a !== q) continue;
      pen.fillStyle = a === q ? c.ink : c.muted;
      pen.font = `${a === q ? "600 " : ""}12px ${font}`;
      pen.fillText(queries[a], left - 6, 1 + (a + 0.5) * cell + 4, left - 8);
    }
    for (let b = 0; b < S; b++) {
      if (b % step && b !== k) continue;
      pen.save();
      pen.fillStyle = b === k ? c.ink : c.muted;
      pen.font = `${b === k ? "600 " : ""}12px ${font}`;
      pen.translate(left + (b + 0.5) * cell, L * cell + 7);
      if (large.flat) (pen.textAlign = "center", pen.fillText(keys[b], 0, 10));
      else (pen.rotate(-Math.PI / 2), (pen.textAlign = "right"), pen.fillText(keys[b], 0, 4, below - 6));
      pen.restore();
    }
    for (const [colour, line] of [[c.paper, 4], [c.wrong, 2]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = line;
      pen.strokeRect(left + k * cell, 1 + q * cell, cell, cell);
    }
  });
  const under = (x, y) => at(Math.floor((y - 1) / cell), Math.floor((x - left) / cell));
  pointer(large, { down: (x, y) => (under(x, y), true), move: under, hover: (x, y) => x > left && under(x, y) });
  large.addEventListener("keydown", (event) => arrows(event, {
    ArrowLeft: () => at(q, k - 1), ArrowRight: () => at(q, k + 1), ArrowUp: () => at(q - 1, k), ArrowDown: () => at(q + 1, k),
  }));

  // ---------------------------------------------------------------- lines from a token
  const links = h("div", { class: "ln-links" });
  function lines() {
    const { L, S, queries, keys } = layer(), line = 19, high = Math.max(L, S) * line + 24, wide = 260, most = top(Array.from({ length: S }, (_, b) => weight(q, b)));
    const y = (n) => 36 + n * line;
    const seen = keys.map((_, b) => weight(q, b)).map((w, b) => w > 0 && s("line", { x1: 92, y1: y(q) - 4, x2: wide - 92, y2: y(b) - 4, "stroke-width": 0.5 + (5 * w) / most, "stroke-opacity": 0.15 + (0.85 * w) / most, "data-key": b }));
    const word = (names, side) => names.map((name, n) => s("text", { x: side ? wide - 86 : 86, y: y(n), "text-anchor": side ? "start" : "end", class: !side && n === q ? "on" : "",
      onclick: side ? () => at(q, n) : () => at(n, k), "data-n": n }, name.length > 9 ? `${name.slice(0, 8)}…` : name, side ? s("tspan", { dx: 6, class: "much" }, weight(q, n) === 0 ? "–" : number(Math.round(weight(q, n) * 100) / 100, 2)) : ""));
    links.replaceChildren(s("svg", { width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, tabindex: 0, role: "img", "aria-label": `“${queries[q]}” and what it looks at; up and down choose a token`,
      onkeydown: (event) => arrows(event, { ArrowUp: () => (at(q - 1, k), links.firstChild.focus()), ArrowDown: () => (at(q + 1, k), links.firstChild.focus()) }) },
      s("text", { x: 86, y: 14, "text-anchor": "end", class: "head" }, "who looks"), s("text", { x: wide - 86, y: 14, class: "head" }, "at whom"), ...seen.filter(Boolean), ...word(queries, false), ...word(keys, true)));
    light();
  }
  const light = () => links.querySelectorAll("line").forEach((node) => node.classList.toggle("on", Number(node.dataset.key) === k));

  const pick = choice("layer", state.layers.map((l, n) => [n, l.path]), i, (n) => (choose(n, head), tell()));
  const struck = state.layers.some((l) => array(l.weights).includes(0));
  v.add(state.layers.length > 1 ? row(pick) : "", h("div", { class: "ln-columns ln-attention" },
    h("div", { class: "ln-heads" }, grid), h("div", {}, caption, large), links),
    h("div", { class: "ln-key" }, h("span", {}, "rows: who looks · columns: at whom · the stronger the colour, the more"), struck ? h("span", {}, "struck through: 0") : "", h("span", {}, "bits: how spread a head looks, 0 for one token")));
  v.frames(learn);
  learn(state);
  at(layer().L >> 1, 0);
  at(q, weights().subarray(q * layer().S, (q + 1) * layer().S).indexOf(top(weights().subarray(q * layer().S, (q + 1) * layer().S))));
  return v.stop;
}
