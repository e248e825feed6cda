// The loss along one direction, with a line to read values by.
function render({ model, el }) {
  const v = view({ model, el }, model.get("state").title);
  const steps = array(v.state.steps), losses = array(v.state.losses), finite = Array.from(losses).filter(Number.isFinite);
  let spot = v.state.spot, at = nearest(spot[0]), plot = null;
  const lo = Math.min(...finite, spot[1]), hi = Math.max(...finite, spot[1]), room = 0.06 * (hi - lo || 1);
  let logged = false;

  function nearest(x) {
    const i = Math.round(((x - steps[0]) / (steps.at(-1) - steps[0])) * (steps.length - 1));
    return clamp(i || 0, 0, steps.length - 1);
  }
  const go = (i) => {
    at = clamp(i, 0, steps.length - 1);
    v.say(`${number(steps[at], 3)} along the direction: loss ${number(losses[at])}; the model is at ${number(spot[0], 3)} with loss ${number(spot[1])}`);
    v.soon();
  };
  const sheet = canvas(v, { width: 620, height: 300, tabindex: 0, label: "loss along the direction; arrow keys read it",
    draw: (pen, w, t, c) => {
      const y = logged ? [lo * 0.9, hi * 1.1] : [lo - room, hi + room];
      plot = axes(pen, { x: 60, y: 12, w: w - 74, h: t - 54 }, [steps[0], steps.at(-1)], y, c, { xlabel: "along the direction", ylabel: "loss", log: logged ? "y" : "" });
      stroke(pen, Array.from(steps, (x, i) => [plot.X(x), plot.Y(losses[i])]), c["input-edge"], 2);
      stroke(pen, [[plot.X(steps[at]), plot.box.y], [plot.X(steps[at]), plot.box.y + plot.box.h]], c.muted, 1, [4, 4]);
      mark(pen, 0, plot.X(steps[at]), plot.Y(losses[at]), 4.5, c["input-edge"], c.paper);
      mark(pen, 3, plot.X(spot[0]), plot.Y(spot[1]), 6, c["yours-edge"], c.paper);
    } });
  pointer(sheet, { down: (x) => (go(nearest(plot.x(x))), true), move: (x) => go(nearest(plot.x(x))), hover: (x) => go(nearest(plot.x(x))) });
  sheet.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    go(at + by);
    event.preventDefault();
    event.stopPropagation();
  });
  v.add(sheet, row(check("log scale", false, (on) => ((logged = on && lo > 0), v.soon()), { disabled: lo <= 0 })),
    h("div", { class: "ln-key" }, h("span", {}, "◆ the model"), h("span", {}, "● where you read")));
  v.frames((frame) => frame.spot && ((spot = frame.spot), go(nearest(spot[0]))));
  go(at);
  return v.stop;
}
