// One timeline with tabs, the evidence below it, and one crosshair for all. Events are flags above the plot.

import { byId, make, number, replaceWhenChanged, setText } from './dom.js';
import * as heat from './heat.js';
import { clockOf, ink, isMany, podsOf, sample, strokeOf } from './looks.js';
import * as series from './series.js';

const most = 24;
const named = 8;
const axisWidth = 50;
const views = {
  heat: { name: 'Heat map', title: 'Requests per second that each pod answered, as a part of its fair share' },
  echo: { name: 'Answered', title: 'Requests per second that each backend counted', query: 'sum(rate(echo_requests[1m])) by (kubernetes_pod_name)' },
  requests: { name: 'Hubble requests', title: 'HTTP requests per second that the proxies counted', query: 'sum(rate(hubble_http_requests_total[1m])) by (hubble_destination_pod)' },
  responses: { name: 'Hubble status', title: 'HTTP responses per second that the proxies counted, by status', query: 'sum(rate(hubble_http_responses_total[1m])) by (hubble_source_pod, status)' },
};

let state = null;
let chosen = null;
let at = null;
const charts = new Map();

export function show(next) {
  state = next;
  const offered = Object.keys(views).filter(view => view === 'heat' ? isMany(state) : series.linesOf(view).length > 0);
  const view = offered.includes(chosen) ? chosen : offered[0];
  tabs(offered, view);
  byId('heat').hidden = view !== 'heat';
  byId('plot').hidden = view === 'heat';
  if (view === 'heat') heat.show(state, time => point(time, 'heat'));
  else if (view) chart('plot', byId('plot'), view);
  if (byId('verdict').open && series.linesOf('evidence').length) chart('evidence', byId('evidence').querySelector('.plot'), 'evidence');
  if (view === 'heat') flags(view);
  readout(view);
}

/** After a change of colours. */
export function recolour() {
  charts.forEach(({ plot }) => plot.destroy());
  charts.clear();
}

function tabs(offered, view) {
  replaceWhenChanged(byId('tabs'), offered, () => offered.map(id => make('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': 'panel', title: [views[id].title, views[id].query].filter(Boolean).join('\n'), text: views[id].name, onclick: () => choose(id), onkeydown: event => moveTab(event, offered, id) })));
  for (const tab of byId('tabs').children) {
    const selected = tab.id === `tab-${view}`;
    tab.setAttribute('aria-selected', String(selected));
    tab.tabIndex = selected ? 0 : -1;
  }
  if (view) byId('panel').setAttribute('aria-labelledby', `tab-${view}`);
}

function choose(id) {
  chosen = id;
  show(state);
}

function moveTab(event, offered, id) {
  const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!move) return;
  const next = offered[(offered.indexOf(id) + move + offered.length) % offered.length];
  choose(next);
  byId(`tab-${next}`).focus();
}

function chart(slot, box, view) {
  const lines = linesOf(view);
  const key = [view, ...lines.map(line => `${line.row}|${line.status}`)].join();
  let known = charts.get(slot);
  if (known?.key !== key) {
    known?.plot.destroy();
    known = { key, view, lines, plot: new uPlot(options(slot, box, view, lines), [[], ...lines.map(() => [])], box) };
    charts.set(slot, known);
    box.querySelector('.uplot').setAttribute('aria-hidden', 'true');
    box.tabIndex = 0;
    box.setAttribute('role', 'img');
    box.onkeydown ??= event => step(slot, event);
  }
  known.lines = lines;
  known.plot.setData([series.times(), ...lines.map(line => line.shown)]);
  const title = view === 'evidence' ? 'Evidence, natural logarithm of the e-value' : views[view].title;
  box.setAttribute('aria-label', `${title}. ${lines.map(line => `${line.name}: ${number(line.shown.at(-1))}`).join('; ')}. Arrow keys move through time.`);
}

function linesOf(view) {
  const rate = view !== 'evidence';
  const names = new Map(podsOf({ ...state, pods: null }).map(r => [r.key, r.pods > 1 ? r.shortNode : r.short]));
  const nameOf = line => rate ? `${line.status ? `${line.status} ` : ''}${names.get(line.row) ?? `${line.row.slice(line.row.lastIndexOf('-') + 1)} (gone)`}` : line.row;
  let lines = series.linesOf(view).map(line => ({ ...line, name: nameOf(line), shown: rate ? series.rates(line.values) : line.values })).filter(line => line.shown.some(value => value !== null));
  const peak = line => Math.max(...line.shown.map(value => value ?? 0));
  if (lines.length > most) lines = lines.sort((a, b) => peak(b) - peak(a)).slice(0, most);
  return lines.sort((a, b) => a.row.localeCompare(b.row) || a.status - b.status);
}

const failing = line => line.status >= 400 || line.row === 'even';

function options(slot, box, view, lines) {
  const [text, grid] = [ink('--muted'), ink('--line')];
  const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: '12px system-ui, sans-serif' };
  const isEvidence = view === 'evidence';
  return {
    width: Math.max(box.clientWidth, 200), height: box.clientHeight || 160, legend: { show: false }, padding: [8, box.clientWidth < 500 ? 70 : 120, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: (_, min, max) => isEvidence ? [Math.min(-2, min), Math.max(12, Math.min(max, 60) * 1.05)] : [0, Math.max(1, max * 1.08)] } },
    axes: [{ ...axis, size: 24, values: (_, ticks) => ticks.map(clock) }, { ...axis, size: axisWidth, label: isEvidence ? 'ln e' : 'requests/s', labelSize: 14, labelGap: 0, labelFont: '11px system-ui, sans-serif' }],
    series: [{}, ...lines.map(line => ({ label: line.name, stroke: isEvidence ? ink(line.row === 'even' ? '--good' : '--bad') : strokeOf(line.row), width: 2, dash: failing(line) ? [6, 4] : undefined, spanGaps: true, points: { show: false } }))],
    hooks: { draw: [plot => marks(plot, slot, isEvidence)], setCursor: [plot => { if (plot.cursor.event || plot.cursor.idx === null) point(plot.cursor.idx === null ? null : plot.data[0][plot.cursor.idx], slot); }] },
  };
}

/** Seconds as a clock once there are minutes. */
function clock(seconds) {
  if (seconds < 120) return `${+seconds.toFixed(1)} s`;
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  return minutes < 60 ? `${minutes}:${String(rest).padStart(2, '0')}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')} h`;
}

function marks(plot, slot, isEvidence) {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${11.5 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ctx.lineWidth = ratio;
  ctx.strokeStyle = ink('--text');
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  for (const event of state.events) {
    const x = plot.valToPos(event.at, 'x', true);
    if (x >= bbox.left && x <= bbox.left + bbox.width) line(ctx, x, bbox.top, x, bbox.top + bbox.height);
  }
  const threshold = state.verdict?.logThreshold;
  if (isEvidence && threshold) {
    const y = plot.valToPos(threshold, 'y', true);
    line(ctx, bbox.left, y, bbox.left + bbox.width, y);
    ctx.fillStyle = ink('--text');
    ctx.fillText(`certain from ${threshold.toFixed(1)}`, bbox.left + 6 * ratio, y - 8 * ratio);
  }
  ends(plot, charts.get(slot)?.lines ?? [], ratio, isEvidence);
  ctx.restore();
  // Here the scales are those of the new samples.
  if (slot === 'plot') flags(charts.get(slot)?.view);
}

/** The names at the ends of the lines; lines that end together share a label. */
function ends(plot, lines, ratio, isEvidence) {
  const { ctx, bbox } = plot;
  const labels = [];
  for (const one of lines) {
    const value = one.shown.findLast(v => v !== null);
    if (value === undefined || (one.shown.at(-1) ?? null) === null) continue;
    const y = Math.max(bbox.top, plot.valToPos(value, 'y', true));
    const near = labels.find(l => Math.abs(l.y - y) < 13 * ratio);
    if (near) near.lines.push(one);
    else labels.push({ y, lines: [one] });
  }
  for (const { y, lines: [first, ...others] } of labels) {
    ctx.fillStyle = isEvidence ? ink(first.row === 'even' ? '--good' : '--bad') : strokeOf(first.row);
    const all = [first, ...others].map(l => l.name).join(', ');
    const text = ctx.measureText(all).width > ctx.canvas.width - bbox.left - bbox.width - 8 * ratio ? `${first.name} +${others.length}` : all;
    ctx.fillText(text, bbox.left + bbox.width + 6 * ratio, y);
  }
}

function line(ctx, x1, y1, x2, y2) {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

/** A flag for each event, as long as there is room before the next one; a click puts the crosshair there. */
function flags(view) {
  const box = byId('flags');
  const place = view === 'heat' ? heat.leftOf : time => { const plot = charts.get('plot')?.plot; return plot && plot.data[0].length ? plot.valToPos(time, 'x') + plot.bbox.left / devicePixelRatio : null; };
  replaceWhenChanged(box, state.events, () => state.events.map(event => make('button', { type: 'button', class: 'flag', title: `${event.at.toFixed(1)} s, ${clockOf(state, event.at)}: ${event.name}`, text: `${event.at.toFixed(1)} s ${event.name}`, onclick: () => point(event.at, '') })));
  const width = box.clientWidth;
  // An event may be newer than the last sample.
  const lefts = state.events.map(event => { const left = place(event.at); return left === null ? null : Math.min(left, width - 4); });
  lefts.forEach((left, i) => {
    const flag = box.children[i];
    const next = lefts.slice(i + 1).find(l => l !== null) ?? width;
    flag.hidden = left === null || left < 0 || (next - left < 12 && i < lefts.length - 1);
    // At the right edge a flag waves to the left.
    const room = next - left;
    const flip = room < 90 && i === lefts.length - 1 && left > 200;
    flag.style.left = flip ? 'auto' : `${left}px`;
    flag.style.right = flip ? `${width - left}px` : 'auto';
    flag.style.maxWidth = `${flip ? left - (lefts[i - 1] ?? 0) : room - 2}px`;
  });
}

/** Moves the crosshair of everything that has time. */
function point(time, source) {
  at = time;
  for (const [slot, { plot }] of charts) {
    if (slot === source || !plot.data[0].length) continue;
    if (time === null) plot.setCursor({ left: -10, top: -10 }, false);
    else plot.setCursor({ left: plot.valToPos(time, 'x'), top: 10 }, false);
  }
  heat.point(time);
  const view = byId('heat').hidden ? charts.get('plot')?.view : 'heat';
  readout(view);
}

/** Moment and values at the crosshair, or the newest ones. */
function readout(view) {
  const box = byId('readout');
  if (!view) { box.replaceChildren(state.activity === 'starting' ? state.step : 'The timeline begins with the load.'); return; }
  const times = series.times();
  const time = at ?? times.at(-1) ?? 0;
  const head = make('b', { text: `${at === null ? 'now' : 'at'} ${time.toFixed(1)} s ${clockOf(state, time)}` });
  if (view === 'heat') { box.replaceChildren(head, heat.describe()); return; }
  const known = charts.get('plot');
  let index = times.findLastIndex(t => t <= time + 1e-6);
  if (index < 0) index = times.length - 1;
  const shown = known.lines.slice(0, named);
  box.replaceChildren(head, ...shown.map(one => make('span', {}, sample(one.row, failing(one)), `${one.name} ${number(one.shown[index] ?? null)}/s`)), known.lines.length > named ? `and ${known.lines.length - named} more` : '');
}

function step(slot, event) {
  const move = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[event.key];
  const times = series.times();
  if (event.key === 'Escape') point(null, '');
  if (!move || !times.length) return;
  event.preventDefault();
  const now = at === null ? times.length - 1 : times.findLastIndex(t => t <= at + 1e-6);
  point(times[Math.min(times.length - 1, Math.max(0, now + move))], '');
}

byId('verdict').addEventListener('toggle', () => { if (state) show(state); });
byId('heat').addEventListener('keydown', event => step('heat', event));
new ResizeObserver(() => {
  charts.forEach(({ plot }, slot) => {
    const box = slot === 'plot' ? byId('plot') : byId('evidence').querySelector('.plot');
    if (box.clientWidth > 0 && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: box.clientHeight || 160 });
  });
  if (state) show(state);
}).observe(byId('panel'));
