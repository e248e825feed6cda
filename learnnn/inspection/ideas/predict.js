// Decide first: the answer is shown once the reader has committed to one, which cannot be changed after that.
let predictions = 0; // so that the radio buttons of two questions on one page stay apart

function render({ model, el }) {
  const v = view({ model, el });
  const g = { v, sealed: v.state.sealed, committed: v.state.committed ?? null, name: `ln-predict-${(predictions += 1)}-${Math.random().toString(36).slice(2)}` };
  const form = h("form", { class: "ln-predict", onsubmit: (event) => (event.preventDefault(), commit(g)) });
  g.form = form;
  g.verdict = h("div", { class: "ln-verdict", tabindex: -1 });
  g.go = button("Commit", () => {}, { type: "submit", class: "primary", disabled: true });
  g.again = button("Try again", () => restart(g), { hidden: true });
  v.add(form, g.verdict);
  v.frames((frame) => {
    if (frame.question) Object.assign(v.state, frame);
    if (frame.sealed) g.sealed = frame.sealed;
    if (frame.question) build(g);
    else if (frame.committed !== null && frame.committed !== undefined) (write(g, frame.committed), reveal(g, frame.committed));
    else reset(g);
  });
  build(g);
  return v.stop;
}

function build(g) {
  const { question, options, grid } = g.v.state;
  const field = options ? choicesOf(g, options) : fieldsOf(g, grid);
  g.form.replaceChildren(h("fieldset", {}, h("legend", {}, question), field), h("div", { class: "ln-row" }, g.go, g.again));
  for (const name of ["keydown", "keyup"]) g.form.firstChild.addEventListener(name, (event) => event.stopPropagation()); // a notebook has keys of its own
  reset(g);
  const known = g.v.state.committed ?? null;
  if (known !== null && g.sealed) (write(g, known), reveal(g, known));
}

function choicesOf(g, options) {
  return h("div", { class: "ln-options" }, ...options.map((option, k) => h("label", {},
    h("input", { type: "radio", name: g.name, value: String(k), onchange: () => ready(g) }), h("span", {}, option))));
}

function fieldsOf(g, [rows, cols]) {
  const label = (i, j) => (rows * cols === 1 ? "your answer" : rows === 1 ? `number ${j + 1} of ${cols}` : `row ${i + 1}, column ${j + 1}`);
  return h("div", { class: "ln-fields" }, ...Array.from({ length: rows }, (_, i) => h("div", {}, ...Array.from({ length: cols }, (_, j) =>
    h("input", { type: "text", inputmode: "decimal", autocomplete: "off", size: 7, "aria-label": label(i, j), oninput: () => ready(g) })))));
}

// --------------------------------------------------------------------------------------------- what was chosen
const inputs = (g) => [...g.form.querySelectorAll("input")];
const valueOf = (text) => Number(text.trim().replace(/[−–]/g, "-").replace(",", ".") || NaN);

function chosen(g) {
  if (g.v.state.options) return g.v.state.options[inputs(g).findIndex((input) => input.checked)] ?? null;
  const numbers = inputs(g).map((input) => valueOf(input.value));
  return numbers.every(Number.isFinite) ? numbers : null;
}

function write(g, choice) {
  inputs(g).forEach((input, k) => {
    if (g.v.state.options) input.checked = g.v.state.options[k] === choice;
    else input.value = [choice].flat(Infinity)[k];
  });
}

function ready(g) {
  g.go.disabled = chosen(g) === null;
  const wrong = g.v.state.options ? [] : inputs(g).filter((input) => input.value.trim() && !Number.isFinite(valueOf(input.value)));
  for (const input of inputs(g)) input.toggleAttribute("aria-invalid", wrong.includes(input));
  g.v.say(wrong.length ? `“${wrong[0].value}” is no number: type one such as 0.5 or −3.` : "");
}

function commit(g) {
  const choice = chosen(g);
  if (choice === null || g.committed !== null) return;
  g.committed = choice;
  lock(g, true);
  if (g.v.kernel) (g.v.say("Asking python…"), g.v.send({ type: "commit", choice }));
  else if (g.sealed) reveal(g, choice);
  else g.v.say("Only python knows the answer: run this cell, and choose in what it shows.");
}

function restart(g) {
  if (g.v.kernel) g.v.send({ type: "again" });
  reset(g);
  inputs(g)[0]?.focus();
}

function reset(g) {
  g.committed = null;
  for (const input of inputs(g)) g.v.state.options ? (input.checked = false) : (input.value = "");
  for (const mark of g.form.querySelectorAll(".ln-mark")) mark.remove();
  for (const label of g.form.querySelectorAll(".ln-chosen")) label.classList.remove("ln-chosen");
  g.verdict.replaceChildren();
  g.v.say("");
  lock(g, false);
}

function lock(g, shut) {
  for (const input of inputs(g)) input.disabled = shut;
  g.go.hidden = shut;
  g.go.disabled = shut || chosen(g) === null;
  g.again.hidden = !shut;
}

// --------------------------------------------------------------------------------------------- the answer
function reveal(g, choice) {
  const bytes = Uint8Array.from(atob(g.sealed), (c) => c.charCodeAt(0)), sealed = JSON.parse(new TextDecoder().decode(bytes));
  const numbers = [choice].flat(Infinity), flat = [sealed.answer].flat();
  const fits = flat.map((right, k) => (g.v.state.options ? right === choice : Math.abs(numbers[k] - right) <= sealed.tolerance));
  const right = fits.every(Boolean);
  g.committed = choice;
  lock(g, true);
  inputs(g).forEach((input, k) => {
    input.closest("label")?.classList.toggle("ln-chosen", input.checked);
    const answer = g.v.state.options ? g.v.state.options[k] === sealed.answer : fits[k];
    if (g.v.state.options && !answer && !input.checked) return;
    input.after(h("b", { class: `ln-mark ${answer ? "ln-right" : "ln-wrong"}` }, answer ? "✓" : "✗"));
  });
  const off = g.v.state.options || right ? "" : ` ${missed(numbers, flat, fits)}`;
  g.verdict.replaceChildren(h("p", {}, h("b", { class: right ? "ln-right" : "ln-wrong" }, right ? "✓ Right." : "✗ Not right."),
    `${off} The answer is ${sealed.words}`), sealed.because ? h("p", {}, sealed.because) : "");
  g.v.say("");
  g.verdict.focus({ preventScroll: true });
}

// By how much a number is off, in words.
function missed(numbers, answer, fits) {
  if (numbers.length > 1) return `${fits.filter(Boolean).length} of ${fits.length} numbers are.`;
  const off = numbers[0] - answer[0], ratio = numbers[0] / answer[0];
  if (numbers[0] === -answer[0]) return "The sign is the other way round.";
  const times = ratio > 1 ? ratio : 1 / ratio, far = Number.isFinite(times) && ratio > 0 && times >= 1.5;
  return `Yours is too ${off > 0 ? "large" : "small"} by ${number(Math.abs(off))}${far ? `, ${number(times, 3)} times too ${Math.abs(ratio) > 1 ? "large" : "small"}` : ""}.`;
}
