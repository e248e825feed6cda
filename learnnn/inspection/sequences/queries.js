// Queries and keys to edit, and the weights that follow from them.
function softmaxRow(scores) {
  const top = Math.max(...scores), powers = scores.map((x) => (x === -Infinity ? 0 : Math.exp(x - top))), total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
}

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title), { state } = v;
  const matrix = (packed) => { const all = array(packed), [rows, d] = all.shape; return Array.from({ length: rows }, (_, i) => Array.from(all.subarray(i * d, (i + 1) * d), (x) => Number(x.toPrecision(6)))); };
  const before = { q: matrix(state.q), k: matrix(state.k) };
  let q = structuredClone(before.q), k = structuredClone(before.k), causal = false, sharp = 1;
  const d = q[0].length;

  const scores = (a, b) => (causal && b > a ? -Infinity : (sharp * q[a].reduce((sum, x, i) => sum + x * k[b][i], 0)) / Math.sqrt(d));
  const weights = () => q.map((_, a) => softmaxRow(k.map((_, b) => scores(a, b))));

  function table(name, values, names) {
    const inputs = values.map((row, i) => row.map((x, j) => h("input", { type: "number", step: 0.1, value: String(x), "aria-label": `${name}, row ${names[i]}, column ${j}`,
      oninput: (event) => {
        const number = Number(event.target.value), fine = event.target.value.trim() !== "" && Number.isFinite(number);
        event.target.toggleAttribute("aria-invalid", !fine);
        if (!fine) return v.say(`“${event.target.value}” is no number: the weights stay as they are`, true);
        values[i][j] = number;
        show(`${name} of ${names[i]}: column ${j} is now ${event.target.value}.`, name === "Q" ? i : 0);
      }, onkeydown: (event) => event.stopPropagation() }))); // a notebook has keys of its own
    const node = h("table", {}, h("caption", {}, name), ...inputs.map((row, i) => h("tr", {}, h("th", {}, names[i]), ...row.map((input) => h("td", {}, input)))));
    node.fill = (numbers) => inputs.forEach((row, i) => row.forEach((input, j) => { input.value = numbers[i][j]; input.removeAttribute("aria-invalid"); }));
    return node;
  }

  const cells = q.map(() => k.map(() => h("td", {})));
  const bits = q.map(() => h("td", { class: "ln-muted" }));
  const out = h("table", { class: "ln-weights" }, h("caption", {}, `softmax(Q Kᵀ / √${d})`), h("tr", {}, h("th", {}), ...state.keys.map((name) => h("th", { scope: "col" }, name)), h("th", {}, "bits")),
    ...cells.map((row, a) => h("tr", {}, h("th", { scope: "row" }, state.queries[a]), ...row, bits[a])));
  function show(told = "", a = 0) {
    const now = weights();
    now.forEach((row, i) => {
      row.forEach((w, j) => (cells[i][j].textContent = w === 0 ? "–" : w.toFixed(3)));
      bits[i].textContent = number(Math.abs(row.reduce((sum, p) => sum - (p > 0 ? p * Math.log2(p) : 0), 0)), 3);
    });
    const best = now[a].indexOf(Math.max(...now[a]));
    v.say(`${told} “${state.queries[a]}” looks most at “${state.keys[best]}”: ${number(now[a][best], 3)}`.trim());
    v.soon();
  }
  v.paint((c) => weights().forEach((row, a) => row.forEach((w, b) => {
    const colour = c.sequential(w), light = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2] > 140;
    Object.assign(cells[a][b].style, { background: css(colour), color: light ? "#101418" : "#ffffff" });
  })));
  const tables = { q: table("Q", q, state.queries), k: table("K", k, state.keys) };
  const dial = slider("scores times", { min: 0, max: 8, step: 0.1, value: 1, oninput: (x) => ((sharp = x), show("")) });
  const square = q.length === k.length;
  v.add(row(dial, square ? check("causal mask", false, (on) => ((causal = on), show(""))) : "",
    button("Start again", () => {
      for (const [now, start] of [[q, before.q], [k, before.k]]) start.forEach((numbers, i) => now[i].splice(0, d, ...numbers));
      for (const name of ["q", "k"]) tables[name].fill(before[name]);
      dial.set((sharp = 1));
      show("As it was.");
    })), columns(h("div", { class: "ln-edit" }, tables.q), h("div", { class: "ln-edit" }, tables.k), h("div", { class: "ln-edit" }, out)));
  v.frames((frame) => {
    for (const [name, now] of [["q", q], ["k", k]]) matrix(frame[name]).forEach((numbers, i) => now[i].splice(0, d, ...numbers));
    tables.q.fill(q);
    tables.k.fill(k);
    show("New numbers.");
  });
  show();
  return v.stop;
}
