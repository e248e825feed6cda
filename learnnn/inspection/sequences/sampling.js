// Sampling: the bars of the next token, dials that bend and cut them, and draws.
const SHOWN = 20, COUNT = 100;

// The numbers of the tokens, the likeliest first; of equal ones the lower number.
const ranked = (logits) => Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);

// softmax(logits / temperature); at temperature 0 all for the first of the largest.
function tempered(logits, temperature) {
  const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  if (temperature === 0) return Array.from(logits, (_, i) => (i === logits.indexOf(top) ? 1 : 0));
  const powers = Array.from(logits, (x) => Math.exp((x - top) / temperature)), total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
}

// Temperature, then the k likeliest, then the smallest set of those that has the mass p; null cuts nothing.
function nextToken(logits, temperature, k, p, ranks = ranked(logits)) {
  const whole = tempered(logits, temperature), kept = new Array(whole.length).fill(0), first = ranks.slice(0, k ?? ranks.length);
  const mass = first.reduce((sum, i) => sum + whole[i], 0);
  let before = 0;
  for (const [n, i] of first.entries()) {
    if (n && p !== null && p < 1 && !(before < p)) break;
    kept[i] = whole[i];
    before += whole[i] / mass;
  }
  const total = kept.reduce((a, b) => a + b, 0);
  return { whole, kept: kept.map((x) => x / total) };
}

// The n-th random number of a seed, as in python.
const uniform = (seed, n) => mixed(mixed(n + 0x9e3779b9) + seed) / 2 ** 32;

function mixed(bits) {
  bits >>>= 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function drawn(p, u) {
  const total = p.reduce((a, b) => a + b, 0);
  let sum = 0;
  for (let i = 0; i < p.length; i++) if ((sum += p[i]) > u * total) return i;
  return p.findLastIndex((x) => x > 0);
}

const bitsOf = (p) => Math.abs(p.reduce((sum, x) => sum - (x > 0 ? x * Math.log2(x) : 0), 0));

function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title), { state } = v;
  Object.assign(v, { nextToken, uniform, drawn }); // for tests and for the curious
  let logits, ranks, named, now, draws, counts, total;
  const dials = { temperature: state.temperature, top_k: state.top_k, top_p: state.top_p };
  const name = (i) => named[i] ?? `token ${i}`;

  function learn(frame) {
    logits = array(frame.logits);
    ranks = ranked(logits);
    named = frame.named;
    draws = frame.draws;
    read.textContent = frame.read;
    readLine.hidden = !state.asks;
    clear();
    build();
    if (frame.picked !== undefined) v.say(`Drawn: “${frame.picked}”. The model was asked again`);
  }
  const clear = () => ((counts = new Map()), (total = 0));

  // ---------------------------------------------------------------- the bars
  const list = h("div", { class: "ln-bars", role: "list" }), rest = h("div", { class: "ln-muted" });
  let rows = [];
  function build() {
    rows = ranks.slice(0, SHOWN).map((i) => {
      const parts = { i, fill: h("i"), tick: h("b", { hidden: true }), p: h("span"), times: h("span", { class: "ln-muted" }), word: h("span", { class: "ln-mono" }, name(i)) };
      parts.node = h("div", { role: "listitem" }, parts.word, h("span", { class: "ln-track" }, parts.fill, parts.tick), parts.p, parts.times);
      return parts;
    });
    list.replaceChildren(...rows.map((r) => r.node));
    turn();
  }
  function turn() {
    now = nextToken(logits, dials.temperature, dials.top_k, dials.top_p, ranks);
    const top = Math.max(...rows.map((r) => Math.max(now.kept[r.i], now.whole[r.i]))), wide = (x) => `${(100 * x) / top}%`;
    for (const r of rows) {
      const p = now.kept[r.i];
      r.node.classList.toggle("cut", !p);
      r.fill.style.width = wide(p || now.whole[r.i]);
      r.p.textContent = p ? number(p, 3) : `cut (${number(now.whole[r.i], 2)})`;
      const part = (counts.get(r.i) ?? 0) / total;
      r.tick.hidden = !counts.get(r.i);
      r.tick.style.left = wide(Math.min(part || 0, top));
      r.times.textContent = total ? `${counts.get(r.i) ?? 0} ×` : "";
    }
    const kept = now.kept.filter((p) => p > 0).length, mass = now.whole.reduce((sum, p, i) => sum + (now.kept[i] > 0 ? p : 0), 0);
    summary.textContent = `kept ${kept} of ${logits.length} tokens, ${number(100 * mass, 3)}% of the mass · entropy ${number(bitsOf(now.kept), 3)} bits, ${number(bitsOf(now.whole), 3)} before the cut`;
    const others = ranks.slice(SHOWN).reduce((sum, i) => sum + now.kept[i], 0);
    rest.textContent = ranks.length > SHOWN ? `${ranks.length - SHOWN} more tokens: together ${number(others, 3)}${total ? `, drawn ${[...counts].reduce((sum, [i, n]) => sum + (ranks.indexOf(i) >= SHOWN ? n : 0), 0)} ×` : ""}` : "";
    v.soon();
  }

  // ---------------------------------------------------------------- dials and draws
  const most = Math.min(logits?.length ?? array(state.logits).length, 50);
  const turned = (key, value) => ((dials[key] = value), clear(), turn(), v.say(summary.textContent));
  const controls = row(
    slider("temperature", { min: 0, max: Math.max(3, state.temperature), step: 0.05, value: state.temperature, oninput: (x) => turned("temperature", x), format: (x) => (x === 0 ? "0: greedy" : number(x, 3)) }),
    slider("top-k", { min: 1, max: most, step: 1, value: state.top_k ?? most, oninput: (k) => turned("top_k", k >= most ? null : k), format: (k) => (k >= most ? "all" : String(k)) }),
    slider("top-p", { min: 0.01, max: 1, step: 0.01, value: state.top_p ?? 1, oninput: (p) => turned("top_p", p >= 1 ? null : p), format: (p) => (p >= 1 ? "all" : number(p, 3)) }));
  const read = h("span", { class: "ln-mono ln-read" }), readLine = h("div", {}, h("span", { class: "ln-muted" }, "the model has read: "), read);
  const summary = h("div", { class: "ln-muted" });
  function tally(times) {
    let last;
    for (let n = 0; n < times; n++, total++) {
      last = drawn(now.kept, uniform(state.seed, draws++));
      counts.set(last, (counts.get(last) ?? 0) + 1);
    }
    turn();
    const alone = state.asks && times === 1 ? " No kernel runs here, so the model cannot be asked what comes after it." : "";
    v.say(times === 1 ? `Drawn: “${name(last)}”.${alone}` : `${total} draws; the ticks are their shares`);
  }
  const buttons = row(
    button("Draw", () => (v.kernel && state.asks ? v.send({ type: "draw", ...dials }) : tally(1)), { class: "primary" }),
    button(`Draw ${COUNT}`, () => tally(COUNT)),
    button("Start again", () => (v.kernel && state.asks ? v.send({ type: "reset" }) : ((draws = state.draws), clear(), turn(), v.say("No draws")))));
  v.add(controls, buttons, readLine, list, rest, summary,
    h("div", { class: "ln-key" }, h("span", {}, h("i", { class: "ln-kept" }), "kept, made to sum to 1"), h("span", {}, h("i", { class: "ln-hatched" }), "cut"), h("span", {}, "│ share of the draws")));
  v.frames(learn);
  learn(state);
  return v.stop;
}
