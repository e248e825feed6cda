// Residual lens: a table of tokens by depth and place; for one of them the likeliest five, and the curves of its place.
function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title), { state } = v;
  let f, D, P, depth = 0, place = 0;

  function learn(frame) {
    const packed = array(frame.p);
    f = { ...frame, p: packed, final: array(frame.final), added: array(frame.added), entropy: array(frame.entropy) };
    [D, P, f.K] = packed.shape;
    build();
  }
  const p = (d, j, k = 0) => f.p[(d * P + j) * f.K + k];

  // ---------------------------------------------------------------- the table
  const table = h("table", { tabindex: 0, role: "grid", "aria-label": "the likeliest token by depth and place; arrow keys choose" });
  let cells = [];
  function build() {
    cells = f.depths.map((_, d) => f.names.map((_, j) => h("td", { role: "gridcell", onclick: () => (choose(d, j), table.focus({ preventScroll: true })) }, f.words[d][j][0])));
    const rows = f.depths.map((name, d) => h("tr", {}, h("th", { scope: "row" }, name), ...cells[d])).reverse();
    table.replaceChildren(...rows, h("tr", {}, h("th", {}, "token"), ...f.names.map((name) => h("th", { scope: "col" }, name))));
    choose(clamp(depth, 0, D - 1), clamp(place, 0, P - 1));
  }
  v.paint((c) => cells.forEach((row, d) => row.forEach((cell, j) => {
    const colour = c.sequential(p(d, j)), light = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2] > 140;
    Object.assign(cell.style, { background: css(colour), color: light ? "#101418" : "#ffffff" });
  })));
  table.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 0], ArrowDown: [-1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    choose(clamp(depth + by[0], 0, D - 1), clamp(place + by[1], 0, P - 1));
    cells[depth][place].scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  const sheet = h("div", { class: "ln-lens-table" }, table);

  // ---------------------------------------------------------------- the likeliest at one of them
  const best = h("div", { class: "ln-lens-top" }), heading = h("div", { class: "ln-muted" });
  const where = (d) => (d ? `after block ${f.depths[d]}` : "before the first block");
  function choose(d, j) {
    depth = d;
    place = j;
    cells.forEach((row, a) => row.forEach((cell, b) => cell.classList.toggle("on", a === d && b === j)));
    heading.textContent = `“${f.names[j]}” (${j}), ${where(d)}: entropy ${number(f.entropy[d * P + j], 3)} bits`;
    best.replaceChildren(...f.words[d][j].map((word, k) => h("div", {}, h("span", {}, word), h("span", { class: "ln-track" }, h("i", { style: `width:${100 * p(d, j, k)}%` })), h("span", {}, number(p(d, j, k), 3)))));
    const adds = d ? `; the block adds ${number(f.added[(d - 1) * P + j], 3)}` : "";
    v.say(`${where(d)[0].toUpperCase()}${where(d).slice(1)}, at “${f.names[j]}” (${j}): ${f.words[d][j][0]} ${number(p(d, j), 3)}${adds}`);
    v.soon();
  }

  const steps = (pen, a, ys, c, colour) => {
    stroke(pen, ys.map((y, d) => [a.X(d), a.Y(y)]), colour, 2);
    ys.forEach((y, d) => mark(pen, 0, a.X(d), a.Y(y), d === depth ? 5 : 3, d === depth ? c.wrong : colour, c.paper));
  };
  const sure = canvas(v, { width: 380, height: 180, label: "the probability of the final token by depth", draw(pen, w, t, c) {
    const a = axes(pen, { x: 40, y: 22, w: w - 50, h: t - 58 }, [0, D - 1], [0, 1], c, { xlabel: "depth", title: `probability of the final token, “${f.words[D - 1][place][0]}”` });
    steps(pen, a, f.depths.map((_, d) => f.final[d * P + place]), c, c["input-edge"]);
  } });
  const adds = canvas(v, { width: 380, height: 180, label: "the length of what each block adds", draw(pen, w, t, c) {
    const values = f.depths.map((_, d) => (d ? f.added[(d - 1) * P + place] : 0)), top = Math.max(...values) || 1;
    const a = axes(pen, { x: 40, y: 22, w: w - 50, h: t - 58 }, [-0.5, D - 0.5], [0, top * 1.1], c, { xlabel: "depth", title: "length of what each block adds here", grid: false });
    values.forEach((value, d) => { pen.fillStyle = d === depth ? c.wrong : c.line; pen.fillRect(a.X(d - 0.35), a.Y(value), a.X(d + 0.35) - a.X(d - 0.35), a.Y(0) - a.Y(value)); });
  } });

  v.add(h("div", { class: "ln-key" }, h("span", {}, "rows: depth, the last block on top · columns: places · the stronger the colour, the surer")),
    h("div", { class: "ln-columns ln-lens" }, sheet, h("div", { class: "ln-lens-side" }, heading, best)),
    h("div", { class: "ln-columns ln-lens-curves" }, h("div", {}, sure), h("div", {}, adds)));
  v.frames(learn);
  depth = state.depths.length - 1;
  place = state.names.length - 1;
  learn(state);
  sheet.scrollLeft = sheet.scrollWidth; // to the last place, which is chosen
  return v.stop;
}
