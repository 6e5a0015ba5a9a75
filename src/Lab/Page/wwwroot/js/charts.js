// The charts over time. Events are numbered lines; the list of events has their names.

import { byId, make, number, replaceWhenChanged, setText } from './dom.js';
import { ink, sample, shortNames, strokeOf } from './looks.js';
import * as series from './series.js';

const height = 200;
const most = 24;
const charts = new Map();
let events = [];
let rowNames = new Map();

const definitions = {
  echo: { rate: true, title: 'Backend: echo requests per second and pod' },
  requests: { rate: true, title: 'Hubble: HTTP requests per second and pod' },
  responses: { rate: true, title: 'Hubble: HTTP responses per second, pod and status' },
  evidence: { rate: false, title: 'Evidence, natural logarithm of the e-value' },
};

export const setEvents = list => { events = list; };

/** Sets the names of the rows, for legends. */
export function setRows(rows) {
  const short = shortNames(rows.map(row => row.key));
  rowNames = new Map(rows.map(row => [row.key, row.pods > 1 ? `${row.name} (${row.pods} pods)` : `${short.get(row.key)} on ${row.node}${row.onClientNode ? ' ← client' : ''}`]));
}

export function drawAll(threshold) {
  for (const id of Object.keys(definitions)) drawOne(id, threshold);
}

/** After a change of colours. */
export function redrawAll() {
  charts.forEach(chart => chart.plot.destroy());
  charts.clear();
  drawAll();
}

function drawOne(id, threshold) {
  const box = byId(id).querySelector('.plot');
  const { rate, title } = definitions[id];
  let lines = series.linesOf(id).map(line => ({ ...line, shown: rate ? series.rates(line.values) : line.values }));
  lines = lines.filter(line => line.shown.some(value => value !== null));
  if (lines.length > most) lines = lines.sort((a, b) => peak(b) - peak(a)).slice(0, most);
  lines.sort((a, b) => a.row.localeCompare(b.row) || a.status - b.status);
  const key = lines.map(line => `${line.row}|${line.status}`).join();
  let chart = charts.get(id);
  if (!chart || chart.key !== key) {
    chart?.plot.destroy();
    chart = { key, plot: new uPlot(options(id, box, lines, title), [[], ...lines.map(() => [])], box), lines };
    charts.set(id, chart);
    box.querySelector('.uplot').setAttribute('aria-hidden', 'true');
  }
  if (threshold !== undefined) chart.threshold = threshold;
  chart.lines = lines;
  chart.plot.setData([series.times(), ...lines.map(line => line.shown)]);
  describe(id, box, lines, title);
}

const peak = line => Math.max(...line.shown.map(value => value ?? 0));
const failing = line => line.status >= 400;
const nameOf = (id, line) => id === 'evidence' ? { skewed: 'skewed', even: 'even' }[line.row] : `${line.status ? `${line.status} ` : ''}${rowNames.get(line.row) ?? `${line.row.slice(line.row.indexOf('/') + 1)} (gone)`}`;

function options(id, box, lines, title) {
  const [text, grid] = [ink('--muted'), ink('--line')];
  const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: '12px system-ui, sans-serif' };
  return {
    width: Math.max(box.clientWidth, 200), height, legend: { show: false }, cursor: { y: false, points: { show: false } },
    scales: { x: { time: false }, y: { range: (_, min, max) => id === 'evidence' ? [Math.min(-2, min), Math.max(12, max * 1.05)] : [0, Math.max(1, max * 1.08)] } },
    axes: [{ ...axis, values: (_, ticks) => ticks.map(clock) }, { ...axis, size: 44 }],
    series: [{}, ...lines.map(line => ({
      label: nameOf(id, line), stroke: id === 'evidence' ? ink(line.row === 'even' ? '--good' : '--bad') : strokeOf(line.row), width: 2,
      dash: failing(line) || line.row === 'even' ? [6, 4] : undefined, spanGaps: true, points: { show: false },
    }))],
    hooks: { draw: [plot => drawMarks(plot, id)], setCursor: [plot => showLegend(id, plot.cursor.idx)] },
    title: undefined,
  };
}

/** Seconds as a clock once there are minutes. */
function clock(seconds) {
  if (seconds < 120) return `${+seconds.toFixed(1)} s`;
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  return minutes < 60 ? `${minutes}:${String(rest).padStart(2, '0')}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')} h`;
}

function drawMarks(plot, id) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = ink('--text');
  ctx.lineWidth = devicePixelRatio;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  events.forEach((event, i) => {
    const x = plot.valToPos(event.at, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) return;
    line(ctx, x, bbox.top, x, bbox.top + bbox.height);
    ctx.fillText(String(i + 1), x + 3 * devicePixelRatio, bbox.top + 11 * devicePixelRatio);
  });
  const threshold = charts.get(id)?.threshold;
  if (id === 'evidence' && threshold) {
    const y = plot.valToPos(threshold, 'y', true);
    line(ctx, bbox.left, y, bbox.left + bbox.width, y);
    label(ctx, `decision at ${threshold.toFixed(1)}`, bbox.left + 6 * devicePixelRatio, y - 4 * devicePixelRatio);
  }
  ctx.restore();
}

/** A text on a background of its own. */
function label(ctx, text, x, y) {
  ctx.fillStyle = ink('--card');
  ctx.fillRect(x - 2 * devicePixelRatio, y - 10 * devicePixelRatio, ctx.measureText(text).width + 4 * devicePixelRatio, 13 * devicePixelRatio);
  ctx.fillStyle = ink('--text');
  ctx.fillText(text, x, y);
}

function line(ctx, x1, y1, x2, y2) {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

/** The legend shows values at the cursor, or the newest ones. */
function showLegend(id, index) {
  const chart = charts.get(id);
  if (!chart) return;
  const unit = definitions[id].rate ? '/s' : '';
  byId(id).querySelectorAll('.legend b').forEach((value, i) => setText(value, `${number(chart.lines[i]?.shown.at(index ?? -1) ?? null)}${unit}`));
}

function describe(id, box, lines, title) {
  replaceWhenChanged(byId(id).querySelector('.legend'), lines.map(line => [nameOf(id, line), line.row, line.status]), () => lines.map(line =>
    make('li', {}, id === 'evidence' ? evidenceSample(line) : sample(line.row, failing(line)), make('span', { text: nameOf(id, line) }), make('b'))));
  showLegend(id, charts.get(id).plot.cursor.idx);
  box.tabIndex = 0;
  box.setAttribute('role', 'img');
  box.setAttribute('aria-label', `${title}. ${lines.map(line => `${nameOf(id, line)}: ${number(line.shown.at(-1))}`).join('; ')}. Arrow keys move through time.`);
  box.onkeydown ??= event => step(id, event);
}

function evidenceSample(line) {
  const picture = sample('', line.row === 'even');
  picture.firstChild.setAttribute('class', `line ${line.row === 'even' ? 'good dashed' : 'bad'}`);
  return picture;
}

function step(id, event) {
  const move = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[event.key];
  const { plot } = charts.get(id) ?? {};
  if (!move || !plot) return;
  event.preventDefault();
  const last = plot.data[0].length - 1;
  const index = Math.min(last, Math.max(0, (plot.cursor.idx ?? last) + move));
  plot.setCursor({ left: plot.valToPos(plot.data[0][index], 'x'), top: 10 });
}

new ResizeObserver(() => charts.forEach((chart, id) => {
  const width = byId(id).querySelector('.plot').clientWidth;
  if (width > 0 && width !== chart.plot.width) chart.plot.setSize({ width, height });
})).observe(document.body);

