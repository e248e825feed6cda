// Curves over epochs: read by hovering or with the arrow keys, smoothed, on a logarithmic axis; a table below.
const VAL = "val_";

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title);
  let now = opened(v.state), weight = v.state.smoothing, log = v.state.log, cursor = 0; // cursor: an epoch, 0 for none
  const hidden = new Set();

  // ------------------------------------------------------------------------------------------------- values
  const last = () => Math.max(1, ...now.runs.map((run) => run.epochs));
  const shown = (metric) => now.runs.flatMap((run, i) => hidden.has(run.name) ? [] : [metric, VAL + metric]
    .filter((name) => run.columns[name]).map((name) => ({ i, run, name, dashed: name.startsWith(VAL), values: run.columns[name] })));
  const epochOf = (line, k) => line.run.epochs - line.values.length + k + 1;
  const at = (line, epoch) => line.values[epoch - 1 - line.run.epochs + line.values.length];
  const ink = (i) => CLASSES[i % CLASSES.length];

  // ------------------------------------------------------------------------------------------------ a panel
  function draw(metric) {
    return (pen, w, t, c) => {
      const lines = shown(metric), all = lines.flatMap((line) => [...line.values].filter(Number.isFinite));
      const logged = log && all.length > 0 && all.every((q) => q > 0), scale = logged ? Math.log10 : (q) => q, back = logged ? (q) => 10 ** q : (q) => q;
      let lo = all.length ? Math.min(...all.map(scale)) : 0, hi = all.length ? Math.max(...all.map(scale)) : 1;
      const pad = hi > lo ? 0.06 * (hi - lo) : Math.abs(hi) * 0.1 || 0.5;
      const box = { x: 54, y: 24, w: w - 66, h: t - 62 };
      const span = [back(lo - pad), back(hi + pad)];
      const plot = axes(pen, box, [1, Math.max(2, last())], span, c, { log: logged ? "y" : "", bare: true, title: metric + (log && !logged ? " (not all positive: no log)" : "") });
      scales(pen, plot, box, c, marksOf(1, Math.max(2, last()), box.w / 60, false).filter(Number.isInteger), marksOf(...span, box.h / 45, logged));
      for (const line of lines) {
        const xs = [...line.values].map((_, k) => plot.X(epochOf(line, k))), path = (values) => xs.map((x, k) => [x, plot.Y(values[k])]);
        if (weight) (pen.globalAlpha = 0.3, stroke(pen, path([...line.values]), ink(line.i), 1), pen.globalAlpha = 1);
        stroke(pen, path(smooth(line.values, weight)), ink(line.i), 2, line.dashed ? [6, 4] : []);
        if (line.values.length === 1) mark(pen, line.dashed ? 1 : 0, xs[0], plot.Y(line.values[0]), 3.5, ink(line.i), c.paper);
      }
      for (const [i, run] of now.runs.entries()) {
        const best = metric !== "lr" && !hidden.has(run.name) && run.best[metric];
        if (best) mark(pen, 3, plot.X(best[0]), plot.Y(best[1]), 5, ink(i), c.ink);
      }
      const best = now.runs.length === 1 && metric !== "lr" && now.runs[0].best[metric];
      pen.fillStyle = c.muted;
      pen.textAlign = "right";
      if (best) pen.fillText(`◆ best ${number(best[1])} in epoch ${best[0]}`, box.x + box.w, box.y - 7);
      pen.textAlign = "left";
      if (!cursor) return;
      stroke(pen, [[plot.X(cursor), box.y], [plot.X(cursor), box.y + box.h]], c.muted, 1);
      for (const line of lines) if (Number.isFinite(at(line, cursor))) mark(pen, line.dashed ? 1 : 0, plot.X(cursor), plot.Y(at(line, cursor)), 4, ink(line.i), c.paper);
    };
  }

  function panel(metric) {
    const node = canvas(v, { width: 460, height: 280, label: `${metric} over the epochs`, draw: draw(metric), tabindex: 0, role: "application",
      onkeydown: (event) => {
        const to = { ArrowLeft: (cursor || last() + 1) - 1, ArrowRight: cursor + 1, Home: 1, End: last(), Escape: 0 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        move(to && clamp(to, 1, last()));
      } });
    const follow = (x) => {
      const w = node.getBoundingClientRect().width;
      move(clamp(Math.round(1 + ((x - 54) / (w - 66)) * (Math.max(2, last()) - 1)), 1, last()));
    };
    pointer(node, { down: (x) => (follow(x), true), move: follow, hover: follow, leave: () => move(0) });
    return h("div", { style: "flex:1 1 300px;max-width:460px" }, node);
  }

  function move(to) {
    if (to === cursor) return;
    cursor = to;
    tell();
    v.soon();
  }

  function tell() {
    if (!cursor) return v.say(now.status ?? (now.runs.some((run) => run.epochs) ? "Hover a panel, or press the arrow keys in it, to read values." : "No epochs yet."));
    const said = now.metrics.map((metric) => {
      const values = shown(metric).map((line) => [now.runs.length > 1 ? `${line.run.name} ` : "", line.dashed ? "validation " : "", number(at(line, cursor))].join(""));
      return values.length ? `${metric} ${values.join(", ")}` : "";
    });
    v.say([`epoch ${cursor}`, ...said.filter(Boolean)].join(" · "));
  }

  // ------------------------------------------------------------------------------------------------ the page
  const panels = h("div", { class: "ln-columns" }), key = h("div", { class: "ln-row ln-runs" }), below = h("div", { class: "ln-wide" });
  v.add(row(slider("smoothing", { min: 0, max: 0.98, step: 0.01, value: weight, format: (q) => q.toFixed(2), oninput: (q) => (weight = q, v.soon()) }),
    check("log axis", log, (on) => (log = on, v.soon())), key), panels, below);
  let drawn = "";

  function rebuild() {
    const names = JSON.stringify([now.metrics, now.runs.map((run) => run.name)]);
    if (names !== drawn) {
      drawn = names;
      panels.replaceChildren(...now.metrics.map(panel));
      const dashes = now.runs.some((run) => Object.keys(run.columns).some((name) => name.startsWith(VAL)));
      const toggle = (run, i) => {
        const box = check("", true, (on) => (on ? hidden.delete(run.name) : hidden.add(run.name), tell(), v.soon()), { "aria-label": `show ${run.name}` });
        box.append(h("i", { style: `background:${ink(i)}` }), run.name);
        return box;
      };
      key.replaceChildren(...(now.runs.length > 1 ? now.runs.map(toggle) : []), ...(dashes ? [h("span", { class: "ln-muted" }, "── training   - - validation   ◆ best")] : []));
    }
    const [head, ...rows] = now.table;
    below.replaceChildren(...(head ? [h("table", {}, h("tr", {}, head.map((cell) => h("th", {}, cell))), rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", /[★]/.test(cell) ? { class: "ln-best" } : {}, cell))))),
      h("p", { class: "ln-muted" }, now.note)] : []));
    tell();
  }

  v.frames((frame) => (now = opened({ ...now, ...frame }), cursor && (cursor = clamp(cursor, 1, last())), rebuild()));
  rebuild();
  return v.stop;
}

// Where to write numbers at an axis: on a logarithmic one, 1, 2, 5 of each power of ten, or the powers where they are many.
function marksOf(lo, hi, count, logged) {
  if (!logged) return ticks(lo, hi, Math.max(2, count));
  const powers = Array.from({ length: 2 + Math.ceil(Math.log10(hi)) - Math.floor(Math.log10(lo)) }, (_, k) => 10 ** (Math.floor(Math.log10(lo)) + k));
  const inside = (list) => list.filter((q) => q >= lo && q <= hi), fine = inside(powers.flatMap((p) => [p, 2 * p, 5 * p]));
  return fine.length > 7 ? inside(powers) : fine.length > 1 ? fine : ticks(lo, hi, 4);
}

function scales(pen, plot, box, c, across, up) {
  pen.fillStyle = c.muted;
  pen.textAlign = "center";
  for (const q of across) (stroke(pen, [[plot.X(q), box.y], [plot.X(q), box.y + box.h]], c.edge, 0.5), pen.fillText(number(q), plot.X(q), box.y + box.h + 15));
  pen.fillText("epoch", box.x + box.w / 2, box.y + box.h + 31);
  pen.textAlign = "right";
  for (const q of up) (stroke(pen, [[box.x, plot.Y(q)], [box.x + box.w, plot.Y(q)]], c.edge, 0.5), pen.fillText(number(q, 3), box.x - 6, plot.Y(q) + 4));
  pen.textAlign = "left";
}

function opened(frame) {
  const columns = (run) => Object.fromEntries(Object.entries(run.columns).map(([name, packed]) => [name, packed.dtype ? array(packed) : packed]));
  return { ...frame, runs: frame.runs.map((run) => ({ ...run, columns: columns(run) })) };
}

// The moving average, corrected for its start.
function smooth(values, weight) {
  let mean = 0, total = 0;
  return [...values].map((q) => {
    if (!Number.isFinite(q)) return NaN;
    mean = weight * mean + (1 - weight) * q;
    total = weight * total + (1 - weight);
    return mean / total;
  });
}
