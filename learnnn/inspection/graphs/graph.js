// A computation graph: boxes and wires to pan and zoom, a panel for what is selected, and a player for both directions.
const ROW = 17, ZOOM = 1.25, MOST = 12;
const SAID = { input: "input", parameter: "parameter", yours: "computed by your code" };
const SHIFT = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
const HELP = "Arrow keys go from node to node, with shift they move the picture; plus and minus zoom, 0 shows all, enter unfolds.";
const HINT = "Play shows the values in the order of their computation, then how the gradient goes back, step by step. Click a node to look into it.";

// A wire through stations [x, y, x, y, ...] as the d of a path: an S-curve where it changes sides.
function wirePath(at, down) {
  let d = `M${at[0]} ${at[1]}`;
  for (let k = 2; k < at.length; k += 2) {
    const [x0, y0, x1, y1] = at.slice(k - 2, k + 2), across = (x0 + x1) / 2, along = (y0 + y1) / 2;
    if (down ? x0 === x1 : y0 === y1) d += `L${x1} ${y1}`;
    else d += down ? `C${x0} ${along} ${x1} ${along} ${x1} ${y1}` : `C${across} ${y0} ${across} ${y1} ${x1} ${y1}`;
  }
  return d;
}

function render({ model, el }) {
  const named = model.get("state").title, v = view({ model, el }, named === "computation graph" ? "" : named);
  let S = v.state, W = S.views[S.at], boxes = [], wires = [], grads = {}, picked = -1, run = "right", t = null, at = { x: 0, y: 0, k: 1 }, drag = null, width = 0, drawn = 0;
  v.root.setAttribute("aria-label", named);
  const sheet = s("svg"), stage = h("div", { class: "ln-stage", tabindex: 0, role: "application", "aria-label": HELP, onkeydown: keys }, sheet);
  const panel = h("div", { class: "ln-panel", "aria-live": "polite" }), bar = h("div", { class: "ln-bar" }), tools = h("div", { class: "ln-row" }), why = h("div", { class: "ln-why" }), legend = h("div", { class: "ln-key" });
  v.add(tools, columns(stage, panel), bar, why, legend);

  // ------------- drawing
  const text = (x, y, words, kind, anchor = "start", size = 12) => s("text", { x, y, class: kind, "text-anchor": anchor, "font-size": size }, words);

  function box(c, n) {
    const edge = c.out ? "ink" : c.role === "box" ? "edge" : `${c.role}-edge`;
    const g = s("g", { class: "ln-node", transform: `translate(${c.x} ${c.y})`, "data-node": c.i, "data-path": c.path, onclick: () => pick(n), ondblclick: () => unfold(n),
      onpointerenter: () => drag || near(n), onpointerleave: () => drag || near(picked) });
    g.append(s("title", {}, called(c)), s("rect", { width: c.w, height: c.h, rx: 7, fill: `var(--${c.role})`, stroke: `var(--${edge})`,
      "stroke-width": c.out ? 1.8 : 1.2, "stroke-dasharray": c.i < 0 && "4 3" }));
    if (c.badge) g.append(s("rect", { x: 7, y: 6, width: c.bw, height: 22, rx: 11, fill: `var(--${c.role === "yours" ? "yours-edge" : "badge"})` }),
      text(7 + c.bw / 2, 17 + c.size * 0.35, c.badge, "ln-badge", "middle", c.size));
    g.append(text(...(c.badge ? [14 + c.bw, 21.5] : [c.rows.length ? 11 : c.w / 2, 20]), c.name, "ln-name", c.badge || c.rows.length ? "start" : "middle", 13));
    const rows = c.rows.map(([key, value, what], k) => {
      const y = c.head + ROW * k + 11, r = { key, value, what, now: value, word: key, label: text(11, y, key, "ln-what"), said: text(c.w - 11, y, value, "ln-number", "end") };
      g.append(r.label, r.said);
      return r;
    });
    return { c, g, rows };
  }

  function build() {
    wires = W.wires.map(([a, b, route]) => {
      const end = `M${route.at(-2)} ${route.at(-1)}${W.down ? "l-3.5 -7h7Z" : "l-7 -3.5v7Z"}`;
      return { a, b, g: s("g", { class: "ln-wire" }, s("path", { d: wirePath(route, W.down) }), s("path", { d: end, class: "ln-tip" })) };
    });
    boxes = W.cards.map(box);
    sheet.replaceChildren(...wires.map((w) => w.g), ...boxes.map((b) => b.g));
    const roles = ["input", "parameter", "yours"].filter((role) => W.cards.some((c) => c.role === role));
    legend.replaceChildren(...(roles.join() === "input" ? [] : roles).map((role) => h("span", {}, h("i", { style: `background:var(--${role});border-color:var(--${role}-edge)` }), SAID[role])));
    sheet.setAttribute("viewBox", `0 0 ${W.width} ${W.height}`);
    picked = -1;
    width = drawn = 0;
    fold.set(W.name);
    show();
    step();
  }

  // ------------- pan and zoom
  function room() {
    const w = stage.clientWidth || 600;
    return [w, clamp(clamp(w / (W.width + 24), 0.3, 1) * (W.height + 24), 90, 480)];
  }
  function fit() {
    const [w, tall] = room(), k = Math.min(1, w / (W.width + 24), tall / (W.height + 24));
    at = { k, x: (w - k * W.width) / 2, y: (tall - k * W.height) / 2 };
    v.soon();
  }
  function home() { // all of it, or the end of what is too large to read
    fit();
    if (at.k < 0.3) (at.k = 0.6), into(Math.max(0, W.cards.findIndex((c) => c.out)));
  }
  function zoom(by, x = room()[0] / 2, y = room()[1] / 2) {
    const k = clamp(at.k * by, 0.03, 4), f = k / at.k;
    at = { k, x: x - f * (x - at.x), y: y - f * (y - at.y) };
    v.soon();
  }
  const pan = (dx, dy) => ((at.x += dx), (at.y += dy), v.soon());
  function into(n) { // a box that is talked of comes into sight
    const [w, tall] = room(), c = W.cards[n], gap = (from, size, all) => (from < 8 ? 8 - from : Math.min(0, all - 8 - from - size));
    pan(gap(at.x + at.k * c.x, at.k * c.w, w), gap(at.y + at.k * c.y, at.k * c.h, tall));
  }
  v.paint(() => { // moving costs nothing: the browser shifts what it has painted
    const [w, tall] = room();
    if (width !== w) (width = w), (stage.style.height = `${tall}px`), home();
    if (drawn !== at.k) {
      drawn = at.k;
      for (const side of ["width", "height"]) sheet.setAttribute(side, W[side] * at.k);
      sheet.classList.toggle("ln-far", at.k < 0.25);
    }
    sheet.style.transform = `translate(${at.x}px,${at.y}px)`;
  });
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    const edge = stage.getBoundingClientRect();
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), event.clientX - edge.left, event.clientY - edge.top);
  }, { passive: false });
  stage.addEventListener("pointerdown", (event) => event.button || (drag = { x: event.clientX, y: event.clientY }));
  stage.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    if (!drag.far && Math.hypot(dx, dy) < 4) return;
    if (!drag.far) stage.setPointerCapture(event.pointerId);
    drag = { x: event.clientX, y: event.clientY, far: true };
    pan(dx, dy);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) stage.addEventListener(end, () => (drag = null));

  // ------------- selecting
  const around = (n) => ["ba", "ab"].map(([here, there]) => [...new Set(wires.filter((w) => w[here] === n).map((w) => w[there]))]);
  const called = (c) => c.title ?? name(c.i), name = (i) => S.nodes[i]?.name ?? "an earlier node";

  function dress(b, looks) { // classes by name; only what changes touches the page
    for (const [word, on] of Object.entries(looks)) if (!!b[word] !== on) b.g.classList.toggle(`ln-${word}`, (b[word] = on));
  }
  const lit = (test) => wires.forEach((w) => dress(w, { on: test(w) }));

  function near(n) { // light up what is around a box
    const [from, to] = around(n);
    lit((w) => w.a === n || w.b === n);
    boxes.forEach((b, k) => dress(b, { picked: k === n, near: from.includes(k) || to.includes(k) }));
  }
  function pick(n) {
    picked = n;
    near(n);
    into(n);
    about(n);
  }
  function keys(event) {
    const { key } = event, [back, on] = W.down ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"], last = boxes.length - 1, [from, to] = around(picked);
    if (event.ctrlKey || event.metaKey) return;
    if (key === "+" || key === "=") zoom(ZOOM);
    else if (key === "-") zoom(1 / ZOOM);
    else if (key === "0") fit();
    else if (key === "Enter" && picked >= 0) unfold(picked);
    else if (key === "Escape") (picked = -1), near(-1), step();
    else if (!key.startsWith("Arrow")) return;
    else if (event.shiftKey) pan(...SHIFT[key]);
    else if (picked < 0) pick(key === back ? last : 0);
    else if (key === back || key === on) pick((key === back ? from : to)[0] ?? picked);
    else pick(clamp(picked + (key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1), 0, last));
    event.preventDefault();
    event.stopPropagation();
  }

  // ------------- folding
  const ask = (paths) => v.send({ type: "open", paths });
  const folded = (c) => typeof c.path === "string";
  function unfold(n) { // one module where python can lay it out anew, else the next level
    const c = W.cards[n], next = S.views.indexOf(W) + 1;
    if (!folded(c)) return;
    if (v.kernel) ask([...W.open, c.path]);
    else if (S.views[next]) turn(next);
  }
  function turn(k) {
    W = S.views[k];
    build();
    v.say(`${W.name}: ${boxes.length} boxes`);
  }

  // ------------- the player
  const P = () => S.play, turns = () => P().runs[run] ?? [], ahead = () => P().order.length, steps = () => ahead() + turns().length;
  const place = () => (t === null ? -1 : t < ahead() ? P().order[t] : turns()[t - ahead()][0]);

  function show() { // the numbers of time t into the boxes; nobody has played while t is null
    const k = t === null ? -1 : t - ahead(), here = W.place[place()] ?? -1, sent = k >= 0 ? turns()[k][2].map((share) => share[0]) : [];
    const early = new Set(k < 0 && t !== null ? P().order.slice(t + 1) : []), off = new Set(run !== "right" && t === steps() - 1 ? P().wrong[run].table.map((row) => row[0]) : []);
    grads = {};
    for (const [node, , shares] of turns().slice(0, Math.max(0, k + 1))) {
      if (node < 0) for (const i in grads) if (S.nodes[i] && !S.nodes[i].kind) delete grads[i]; // a second pass begins
      for (const [to, , , , after] of shares) grads[to] = after;
    }
    boxes.forEach((b, n) => {
      const { i } = b.c, now = (t === null ? S.nodes[i]?.grad : grads[i]) ?? "", lines = now.replace("norm ", "").split("\n"), mine = b.rows.filter((r) => r.what === "g");
      for (const r of b.rows) {
        const g = mine.indexOf(r), fits = lines.length <= mine.length;
        const said = g >= 0 ? (fits ? lines[g] ?? "" : g ? "" : `${lines.length} rows`) : r.what === "v" && early.has(i) ? "" : r.value;
        const key = g >= 0 ? (now && r.key + (off.has(i) && !g ? " ≠" : "")) : r.key;
        if (r.now !== said) r.said.textContent = r.now = said;
        if (r.word !== key) r.label.textContent = r.word = key;
      }
      dress(b, { early: early.has(i), active: n === here, sent: sent.includes(i), off: off.has(i) });
    });
    lit((w) => here >= 0 && w.b === here);
    if (here >= 0) into(here);
    v.soon();
  }

  // ------------- the panel
  const line = (...parts) => row(...parts.flat().filter(Boolean).map((part) => (typeof part === "string" ? h("span", {}, part) : part)));
  const more = (n) => (n > MOST ? `and ${n - MOST} more` : null);
  const titled = (title, ...rest) => panel.replaceChildren(h("h4", {}, title), ...rest.filter(Boolean));
  const numbers = (words) => h("span", { class: "ln-mono ln-pre" }, (words || "in several parts").replace("norm ", "‖·‖ = "));
  const table = (rows) => h("table", {}, ...rows.map((cells) => h("tr", {}, ...cells.map((w) => h("td", {}, w)))));

  function about(n) { // what there is to say of a box
    const c = W.cards[n], f = S.nodes[c.i], [from, to] = around(n), rows = f ? [] : c.rows.map(([, words]) => ["", words]);
    const links = (list) => h("span", {}, ...list.slice(0, MOST).map((k) => button(called(W.cards[k]), () => pick(k), { class: "ln-link" })), more(list.length));
    if (f) {
      rows.push(["what", f.op ?? SAID[f.kind] ?? "value"]);
      if (f.shape) rows.push(["shape", f.shape]);
      if (f.value) rows.push(["value", numbers(f.value)]);
      if (t !== null) rows.push(["gradient", grads[c.i] ? numbers(grads[c.i]) : "none yet"]);
      if (f.grad && (t === null || f.grad !== grads[c.i])) rows.push([t === null ? "gradient" : "before playing", numbers(f.grad)]);
      rows.push(["computed by", f.role === "yours" ? "your code" : f.by ?? (f.kind ? "nobody: it is given" : "this expression")]);
    }
    if (from.length) rows.push(["from", links(from)]);
    if (to.length) rows.push(["used by", links(to)]);
    const inside = (p) => f.path === "" || p === f.path || p.startsWith(`${f.path}.`);
    titled(called(c), table(rows), folded(c) && (v.kernel || W !== S.views.at(-1)) && button("Unfold", () => unfold(n)),
      v.kernel && f?.by && button(`Fold ${f.by}`, () => ask(W.open.filter((p) => !inside(p)))));
  }

  function step() { // what happens at time t
    if (t === null) return titled("Look inside", h("p", { class: "ln-muted" }, P().stuck ? `Backward cannot be played here. ${P().stuck}` : HINT));
    const i = place(), f = S.nodes[i];
    if (t < ahead()) {
      const from = S.edges.filter((e) => e[1] === i).map(([j]) => line(name(j), S.nodes[j].value && ["= ", numbers(S.nodes[j].value)]));
      return titled(`forward: ${f.name}`, h("p", {}, from.length ? `${f.op || "computed"} of` : `${SAID[f.kind] ?? "value"}, given`), ...from, line("gives", numbers(f.value ?? `shape ${f.shape ?? "not known"}`)));
    }
    const [node, g, shares] = turns()[t - ahead()];
    if (node < 0) return titled("backward begins", ...shares.map(([to, , piece]) => line(`the gradient of ${name(to)} in itself is`, numbers(piece))));
    titled(`backward: ${f.name}`, line("its gradient g is", numbers(g)), ...shares.map(([to, k, piece, before, after]) => {
      const [words, slope] = P().slopes[node]?.[k] ?? ["", ""], flat = slope.includes("\n"), share = numbers(piece);
      return h("div", { class: "ln-share" }, h("b", {}, `→ ${name(to)}`), line(words, slope && !words.endsWith(`= ${slope}`) && numbers(flat ? slope : `= ${slope}`)),
        line("share", /^-?[\d.e+-]+$/.test(slope) && numbers(`${slope} × ${g} =`), share),
        line("gradient there", before ? [numbers(before), run === "overwrite" ? "is replaced by" : "+", share.cloneNode(true)] : "none before,", ...(run === "overwrite" && before ? [] : [before ? "=" : "now", numbers(after)])));
    }));
  }

  // ------------- controls
  const label = (i) => (i < ahead() ? `forward ${i + 1} of ${ahead()}` : `backward ${i - ahead() + 1} of ${turns().length}`);
  function go(i) {
    t = i;
    if (picked >= 0) (picked = -1), near(-1);
    show();
    step();
  }
  function engine(wish) { // another run of backward: the right one, or one with a mistake
    const w = P().wrong[wish];
    run = P().runs[wish] ? wish : "right";
    t = w && run === wish ? steps() - 1 : t === null ? null : Math.min(t, steps() - 1);
    const play = playbar(v, { length: steps(), at: t ?? steps() - 1, fps: clamp(steps() / 10, 1.2, 25), go, label, name: "the computation" });
    play.querySelector("input").value = play.at;
    play.querySelector("output").textContent = t === null ? `${steps()} steps` : label(t);
    bar.replaceChildren(play);
    show();
    step();
    const rows = (w?.table ?? []).slice(0, MOST).map(([i, wrong, right]) => line(h("b", {}, name(i)), "wrong ≠", h("span", { class: "ln-off-text" }, numbers(wrong || "none")), "right", numbers(right)));
    why.replaceChildren(...(w ? [h("p", {}, h("b", {}, `If backward ${w.label}: `), w.why)] : []), ...rows, more(w?.count) ?? "");
    if (w) v.say(`gradients that are wrong: ${w.count || "none"}`);
  }

  const fold = choice("show", S.views.map((w) => w.name), W.name, (level) => turn(S.views.findIndex((w) => w.name === level)));
  const engines = choice("backward", [["right", "as it should be"], ...Object.entries(P().wrong).map(([key, w]) => [key, w.label])], S.wrong, engine);
  tools.append(...(S.views.length > 1 ? [fold] : []), ...(Object.keys(P().wrong).length ? [engines] : []),
    row(button("−", () => zoom(1 / ZOOM), { "aria-label": "zoom out" }), button("+", () => zoom(ZOOM), { "aria-label": "zoom in" }), button("Fit", fit)));
  v.frames((frame) => {
    if (frame.own) W = frame.own;
    else (S = frame), (W = S.views.find((w) => w.name === W.name) ?? S.views[S.at]);
    if (!frame.own) engine(run);
    build();
  });
  build();
  if (S.note) v.say(S.note);
  engine(S.wrong);
  return v.stop;
}
