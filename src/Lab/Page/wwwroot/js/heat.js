// Pods × time, worst first: how much of its fair share each pod answered.

import { byId, make, number } from './dom.js';
import { ink, podsOf } from './looks.js';
import * as series from './series.js';

const left = 110;
const right = 12;
const axis = 18;
let state = null;
let rows = [];
let hovered = null;
let cross = null;
let onPoint = () => {};

export function show(next, pointed) {
  state = next;
  onPoint = pointed;
  const box = byId('heat');
  const canvas = box.querySelector('canvas') ?? start(box);
  const lines = new Map((series.linesOf('pods').length ? series.linesOf('pods') : series.linesOf('echo')).map(line => [line.row, line]));
  rows = podsOf(state).map(pod => ({ pod, rates: lines.has(pod.key) ? series.rates(lines.get(pod.key).values) : [] }));
  const [width, lane] = [box.clientWidth, Math.max(1, Math.min(16, Math.floor(240 / Math.max(1, rows.length))))];
  const height = rows.length * lane + axis;
  [canvas.width, canvas.height] = [width * devicePixelRatio, height * devicePixelRatio];
  canvas.style.height = `${height}px`;
  const ctx = canvas.getContext('2d');
  ctx.scale(devicePixelRatio, devicePixelRatio);
  const times = series.times();
  const fair = r => Math.max(1e-9, r.pod.expected * state.ratePerSecond);
  const [bad, good, card, muted] = ['--fail-edge', '--ok-edge', '--card', '--muted'].map(name => ink(name));
  rows.forEach((r, y) => times.forEach((time, i) => {
    const rate = r.rates[i];
    if (i === 0 || rate === null || rate === undefined) return;
    const [x1, x2] = [leftOf(times[i - 1]), leftOf(time)];
    const part = Math.min(2, rate / fair(r));
    ctx.fillStyle = part < 0.5 ? `color-mix(in srgb, ${bad} ${Math.round((1 - part * 2) * 85 + 5)}%, ${card})` : `color-mix(in srgb, ${good} ${Math.round((part - 0.4) * 55 + 5)}%, ${card})`;
    ctx.fillRect(x1, y * lane, x2 - x1 + 0.5, lane - (lane > 4 ? 1 : 0));
  }));
  ctx.fillStyle = muted;
  ctx.font = '11px system-ui, sans-serif';
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'right';
  const every = Math.ceil(12 / lane);
  rows.forEach((r, y) => { if (y % every === 0) ctx.fillText(r.pod.short.slice(-14), left - 6, y * lane + Math.max(lane / 2, 6)); });
  if (times.length) {
    ctx.textAlign = 'left';
    ctx.fillText(`${times[0].toFixed(0)} s`, left, height - 8);
    ctx.textAlign = 'right';
    ctx.fillText(`${times.at(-1).toFixed(0)} s`, width - right, height - 8);
  }
  box.setAttribute('aria-label', `Heat map, a row for each of ${rows.length} pods, worst first. Red: less than half of its fair share. Blue: its fair share or more. Arrow keys move through time.`);
}

/** Where a moment is, in px from the left edge; null before there is time. */
export function leftOf(time) {
  const times = series.times();
  if (times.length < 2) return null;
  return left + (time - times[0]) / (times.at(-1) - times[0]) * (byId('heat').clientWidth - left - right);
}

/** Shows the crosshair at a moment; null hides it. */
export function point(time) {
  if (!cross) return;
  const x = time === null ? null : leftOf(time);
  cross.hidden = x === null;
  if (x !== null) cross.style.left = `${x}px`;
  if (time === null) hovered = null;
}

/** What the pointer is on, or how to read the picture. */
export function describe() {
  if (!hovered) return 'red: less than half of its fair share · blue: its fair share or more · one row a pod, worst first';
  const { pod, rates, index } = hovered;
  return `${pod.name} on ${pod.node}: ${number(rates[index] ?? null)}/s of ${number(pod.expected * state.ratePerSecond)}/s`;
}

function start(box) {
  const canvas = make('canvas');
  cross = make('div', { class: 'cross-time', hidden: true });
  box.append(canvas, cross);
  box.tabIndex = 0;
  box.setAttribute('role', 'img');
  canvas.addEventListener('pointermove', event => {
    const times = series.times();
    if (times.length < 2) return;
    const area = canvas.getBoundingClientRect();
    const time = times[0] + (event.clientX - area.left - left) / (area.width - left - right) * (times.at(-1) - times[0]);
    const index = Math.max(0, times.findLastIndex(t => t <= time));
    const row = rows[Math.floor((event.clientY - area.top) / ((area.height - axis) / rows.length))];
    hovered = row ? { ...row, index } : null;
    onPoint(times[index]);
  });
  canvas.addEventListener('pointerleave', () => onPoint(null));
  return canvas;
}
