// Embedding map: points to pan and zoom over; one of them with those most like it.
const WIDE = 620, HIGH = 460;

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title), { state } = v, { names, class_names: classNames } = state;
  const classes = state.classes && array(state.classes), values = state.values && array(state.values), lo = values && Math.min(...values), hi = values && Math.max(...values);
  let at, near, cosines, k, chosen = null, hovered = null, middle = [0, 0], scale = 1, home = { middle: [0, 0], span: [1, 1] }, fitted = false;

  function learn(frame) {
    at = array(frame.at);
    near = array(frame.near);
    cosines = array(frame.cosines);
    k = near.shape[1];
    told.textContent = frame.told;
    const axis = (a) => Array.from({ length: names.length }, (_, i) => at[2 * i + a]), ends = [0, 1].map((a) => [Math.min(...axis(a)), Math.max(...axis(a))]);
    home = { middle: ends.map(([a, b]) => (a + b) / 2), span: ends.map(([a, b]) => b - a || 1e-9) };
    if (!fitted) whole();
    choose(chosen);
  }
  const whole = () => ((middle = [...home.middle]), (scale = 1), (fitted = true), v.soon());

  // ---------------------------------------------------------------- data to pixels
  let w = WIDE, t = HIGH;
  const unit = () => scale * Math.min((w - 90) / home.span[0], (t - 40) / home.span[1]); // pixels a unit, across as up
  const X = (i) => w / 2 - 12 + (at[2 * i] - middle[0]) * unit();
  const Y = (i) => t / 2 - (at[2 * i + 1] - middle[1]) * unit();
  const colour = (c, i) => (values ? css(c.sequential(0.25 + (0.75 * (values[i] - lo)) / (hi - lo || 1))) : classes ? c.classes[classes[i] % c.classes.length] : c["input-edge"]);
  const likest = (i) => Array.from(near.subarray(i * k, (i + 1) * k));

  const map = canvas(v, { width: WIDE, height: HIGH, tabindex: 0, label: "the map: drag to move, wheel to zoom; arrow keys move, plus and minus zoom, 0 shows all", draw(pen, wide, high, c) {
    [w, t] = [wide, high];
    const linked = chosen === null ? [] : likest(chosen), taken = [], font = getComputedStyle(v.root).fontFamily;
    for (const j of linked) stroke(pen, [[X(chosen), Y(chosen)], [X(j), Y(j)]], c.wrong, 1.3);
    for (let i = 0; i < names.length; i++) mark(pen, classes ? classes[i] : 0, X(i), Y(i), i === chosen ? 6.5 : linked.includes(i) || i === hovered ? 5 : 3.6, colour(c, i), i === chosen ? c.ink : c.paper);
    const label = (i, always) => {
      const x = X(i), y = Y(i);
      if (x < 0 || x > w || y < 0 || y > t) return;
      pen.font = `${i === chosen ? "600 13px" : "12px"} ${font}`;
      const size = pen.measureText(names[i]).width, left = x + 8 + size > w ? x - 8 - size : x + 8;
      if (!always && taken.some(([a, b, at]) => Math.abs(y - at) < 12 && left < b && left + size > a)) return;
      taken.push([left, left + size, y]);
      pen.lineWidth = 3;
      pen.lineJoin = "round";
      pen.strokeStyle = c.paper;
      pen.strokeText(names[i], left, y + 4);
      pen.fillStyle = chosen === null || always ? c.ink : c.muted;
      pen.fillText(names[i], left, y + 4);
    };
    for (const i of [chosen, hovered, ...linked]) if (i !== null) label(i, true);
    for (let i = 0; i < names.length; i++) if (i !== chosen && i !== hovered && !linked.includes(i)) label(i, false);
    pen.strokeStyle = c.edge;
    pen.lineWidth = 1;
    pen.strokeRect(0.5, 0.5, w - 1, t - 1);
  } });

  const under = (x, y) => {
    let best = null, least = 14 ** 2;
    for (let i = 0; i < names.length; i++) { const d = (X(i) - x) ** 2 + (Y(i) - y) ** 2; if (d < least) [best, least] = [i, d]; }
    return best;
  };
  const shift = (dx, dy) => ((middle = [middle[0] - dx / unit(), middle[1] + dy / unit()]), v.soon());
  function zoom(by, x = w / 2 - 12, y = t / 2) { // the place under the pointer stays
    const before = unit();
    scale = clamp(scale * by, 0.3, 200);
    const grown = 1 / before - 1 / unit();
    middle = [middle[0] + (x - (w / 2 - 12)) * grown, middle[1] - (y - t / 2) * grown];
    v.soon();
  }
  let from = null, moved = 0;
  pointer(map, {
    down: (x, y) => ((from = [x, y]), (moved = 0), true),
    move: (x, y) => ((moved += Math.abs(x - from[0]) + Math.abs(y - from[1])), shift(x - from[0], y - from[1]), (from = [x, y])),
    up: (x, y) => moved < 5 && choose(under(x, y)),
    hover(x, y) {
      const i = under(x, y);
      map.style.cursor = i === null ? "grab" : "pointer";
      if (i !== hovered) ((hovered = i), v.soon());
    },
    leave: () => ((hovered = null), v.soon()),
  });
  map.addEventListener("wheel", (event) => {
    const box = map.getBoundingClientRect();
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  map.addEventListener("keydown", (event) => {
    const does = { ArrowLeft: () => shift(40, 0), ArrowRight: () => shift(-40, 0), ArrowUp: () => shift(0, 40), ArrowDown: () => shift(0, -40), "+": () => zoom(1.3), "=": () => zoom(1.3), "-": () => zoom(1 / 1.3), 0: whole, Escape: () => choose(null) }[event.key];
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  });

  // ---------------------------------------------------------------- search, and those most alike
  const list = h("div", { class: "ln-near" }), told = h("div", { class: "ln-muted" });
  const field = h("input", { type: "text", "aria-label": "search a label", placeholder: "search a label", autocomplete: "off", list: `ln-names-${(lists += 1)}`,
    oninput: () => search(field.value), onkeydown: (event) => (event.stopPropagation(), event.key === "Escape" && ((field.value = ""), choose(null))) });
  const offered = h("datalist", { id: `ln-names-${lists}` }, ...names.slice(0, 500).map((name) => h("option", { value: name })));
  function search(text) {
    const wanted = text.trim().toLowerCase(), low = names.map((name) => name.toLowerCase());
    if (!wanted) return choose(null);
    const first = [names.indexOf(text.trim()), low.indexOf(wanted), low.findIndex((name) => name.startsWith(wanted)), low.findIndex((name) => name.includes(wanted))].find((i) => i >= 0);
    first === undefined ? v.say(`No label has “${text.trim()}” in it`, true) : (choose(first), follow());
  }
  function follow() { // bring the chosen point into the picture
    const x = X(chosen), y = Y(chosen);
    if (x < 20 || x > w - 20 || y < 20 || y > t - 20) middle = [at[2 * chosen], at[2 * chosen + 1]];
    v.soon();
  }
  function choose(i) {
    chosen = i;
    v.soon();
    if (i === null) {
      list.replaceChildren(h("div", { class: "ln-muted" }, "Choose a point to see which are most like it."));
      return v.say(`${names.length} points`);
    }
    list.replaceChildren(h("div", {}, "most like ", h("b", {}, names[i]), h("span", { class: "ln-muted" }, " by the cosine of the angle")),
      ...likest(i).map((j, n) => h("button", { type: "button", onclick: () => (choose(j), follow()) }, h("span", {}, names[j]), h("span", {}, number(cosines[i * k + n], 3)))));
    const group = classes ? `, ${classNames[classes[i]]}` : values ? `, ${number(values[i])}` : "";
    v.say(`“${names[i]}”${group}: most like ${likest(i).slice(0, 3).map((j, n) => `${names[j]} ${number(cosines[i * k + n], 3)}`).join(", ")}`);
  }

  const key = h("div", { class: "ln-key" });
  v.paint((c) => key.replaceChildren(...(values ? [h("span", {}, `colour: ${number(lo)}`, h("i", { style: `width:90px;background:linear-gradient(90deg,${[0.25, 0.5, 0.75, 1].map((x) => css(c.sequential(x)))})` }), number(hi))] : classNames.map((name, n) => {
    const dot = h("canvas", { width: 14, height: 14, style: "width:14px;height:14px" });
    mark(dot.getContext("2d"), n, 7, 7, 5, c.classes[n % c.classes.length], c.paper);
    return h("span", {}, dot, name);
  }))));
  v.add(row(field, offered, button("+", () => zoom(1.4), { "aria-label": "zoom in" }), button("−", () => zoom(1 / 1.4), { "aria-label": "zoom out" }), button("Show all", whole)),
    h("div", { class: "ln-columns ln-map" }, h("div", {}, map, key, told), list));
  v.frames(learn);
  learn(state);
  return v.stop;
}
let lists = 0; // so that two maps on a page have lists of their own
