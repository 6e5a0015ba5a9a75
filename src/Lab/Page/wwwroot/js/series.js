// The samples of all charts. The server says which sample a new one displaces, so the page never holds more samples than the server.

let lines = [];
let at = [];
let values = [];

export const times = () => at;

/** Replaces all lines and samples. */
export function reset(series) {
  ({ lines, at, values } = series);
}

/** Adds a sample and removes the one at `drop`. */
export function add(point) {
  if (point.values.length !== lines.length || (at.length && point.at <= at.at(-1))) return;
  at.push(point.at);
  values.forEach((line, i) => line.push(point.values[i]));
  if (point.drop < 0) return;
  at.splice(point.drop, 1);
  values.forEach(line => line.splice(point.drop, 1));
}

/** The lines of a chart, each with its values. */
export const linesOf = chart => lines.flatMap((line, i) => line.chart === chart ? [{ ...line, values: values[i] }] : []);

/** Rates from cumulative counts, over the seconds before each sample, like rate() of Prometheus. */
export function rates(counts) {
  const span = at.length ? at.at(-1) - at[0] : 0;
  const window = Math.max(2, span / 150);
  let from = 0;
  return counts.map((count, i) => {
    while (from < i - 1 && (counts[from] === null || at[from + 1] <= at[i] - window + 1e-6)) from++;
    if (i === 0 || count === null || counts[from] === null || from === i) return null;
    // A counter that decreases was restarted.
    return (count >= counts[from] ? count - counts[from] : count) / (at[i] - at[from]);
  });
}
