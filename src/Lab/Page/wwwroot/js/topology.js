// Client, proxies, nodes and pods. The width of an edge is its rate; an edge of failures is dashed and ends in a cross.

import { byId, draw, number, setText } from './dom.js';
import { colourOf, shortNames } from './looks.js';

const row = 46;
let last = '';

export function show(state) {
  const box = byId('picture');
  const width = Math.round(box.clientWidth);
  if (width === 0) return;
  const key = JSON.stringify([width, state.rows.map(r => [r.key, r.okPerSecond, r.failedPerSecond, r.state]), state.httpRules, state.client]);
  if (key === last) return;
  last = key;
  if (state.rows.length === 0) {
    box.replaceChildren();
    setText(byId('picture-note'), 'The pods appear here when the load begins.');
    return;
  }
  box.replaceChildren(picture(state, width));
  const failed = state.rows.some(r => r.failedPerSecond > 0.05);
  setText(byId('picture-note'), `${failed ? 'Dashed with a cross: 5xx attributed to that pod. ' : ''}${state.grouped ? 'With many pods there is one row for each node.' : ''}`);
}

function picture(state, width) {
  const narrow = width < 520;
  const place = narrow ? { client: 58, proxy: 40, pod: 104 } : { client: Math.min(215, width * 0.25), proxy: 60, pod: Math.min(280, width * 0.34) };
  const rows = [...state.rows].sort((a, b) => a.onClientNode - b.onClientNode || a.node.localeCompare(b.node) || a.name.localeCompare(b.name));
  const height = rows.length * row + 10;
  const [short, nodes] = [shortNames(rows.map(r => r.key)), shortNames([...new Set([state.client.node, ...rows.map(r => r.node)])])];
  const svg = draw('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-label': label(state) });
  const middle = height / 2;
  const most = Math.max(1e-9, ...rows.map(r => Math.max(r.okPerSecond, r.failedPerSecond)));
  const start = 2 + place.client + (state.httpRules.client ? place.proxy + 8 : 0);
  const end = width - place.pod - 4 - (state.httpRules.backends ? place.proxy + 8 : 0);
  rows.forEach((r, i) => edges(svg, r, { x1: start, y1: middle, x2: end, y2: 5 + i * row + row / 2 }, most, narrow));
  rows.forEach((r, i) => pod(svg, r, width - place.pod - 2, 5 + i * row, place, state.httpRules.backends, narrow ? { name: brief(r.name, short.get(r.key), place.pod - 28), node: brief(r.node, nodes.get(r.node), place.pod - 28) } : { name: r.name, node: `${r.node}${r.onClientNode ? ' ← client' : ''}` }));
  node(svg, 2, middle, place.client, narrow ? 'client' : state.client.pod || 'client', narrow ? brief(state.client.node, nodes.get(state.client.node), place.client + 10) : state.client.node);
  if (state.httpRules.client) proxy(svg, 2 + place.client + 8, middle, place.proxy);
  return svg;
}

const label = state => `Requests per second from ${state.client.pod}: ${state.rows.map(r => `${r.name} on ${r.node} ${number(r.okPerSecond)} successes, ${number(r.failedPerSecond)} failures attributed to it`).join('; ')}`;

function node(svg, x, y, width, name, under) {
  svg.append(draw('rect', { x, y: y - 17, width, height: 34, rx: 6, class: 'box client' }), text(x + width / 2, y + 4, fit(name, width - 8), 'middle', name));
  svg.append(text(x + width / 2, y + 32, fit(under, width + 10), 'middle', under, 'muted'));
}

function proxy(svg, x, y, width) {
  svg.append(draw('line', { x1: x - 8, y1: y, x2: x, y2: y, class: 'wire' }), draw('rect', { x, y: y - 14, width, height: 28, rx: 14, class: 'box proxy' }), text(x + width / 2, y + 4, 'proxy', 'middle', '', 'muted'));
}

function pod(svg, r, x, y, place, proxied, { name, node }) {
  const middle = y + row / 2;
  if (proxied) {
    proxy(svg, x - place.proxy - 8, middle, place.proxy);
    svg.append(draw('line', { x1: x - 8, y1: middle, x2: x, y2: middle, class: 'wire' }));
  }
  svg.append(
    draw('rect', { x, y: y + 3, width: place.pod, height: row - 6, rx: 6, class: `box ${r.state}` }),
    draw('circle', { cx: x + 12, cy: middle, r: 5, class: `fill f${colourOf(r.key)}` }),
    text(x + 23, middle - 3, fit(name, place.pod - 28), 'start', r.name),
    text(x + 23, middle + 12, fit(r.pods > 1 ? `${r.pods} pods${r.onClientNode ? ' ← client' : ''}` : node, place.pod - 28), 'start', r.node, 'muted'));
}

function edges(svg, r, at, most, narrow) {
  const both = r.okPerSecond > 0.05 && r.failedPerSecond > 0.05;
  const curve = (shift, end) => `M${at.x1},${at.y1} C${(at.x1 + at.x2) / 2},${at.y1} ${(at.x1 + at.x2) / 2},${at.y2 + shift} ${end},${at.y2 + shift}`;
  if (r.okPerSecond > 0.05) {
    const shift = both ? -8 : 0;
    svg.append(draw('path', { d: curve(shift, at.x2), class: 'edge', 'stroke-width': 1 + 5 * r.okPerSecond / most }), draw('path', { d: curve(shift, at.x2), class: 'flow', 'stroke-width': 2 }),
      text(at.x2 - 8, at.y2 + shift - 8, `${number(r.okPerSecond)}${narrow ? '' : ' 2xx'}/s`, 'end', '', 'halo'));
  }
  if (r.failedPerSecond > 0.05) {
    const [shift, end] = [both ? 8 : 0, at.x2 - 12];
    const y = at.y2 + shift;
    svg.append(draw('path', { d: curve(shift, end), class: 'edge fail', 'stroke-width': 1.5 + 4 * r.failedPerSecond / most }),
      draw('path', { d: `M${end - 6},${y - 6} l12,12 m0,-12 l-12,12`, class: 'cross' }), text(end - 10, both ? y + 18 : y - 8, `${number(r.failedPerSecond)}${narrow ? '' : ' 5xx'}/s`, 'end', '', 'halo bad'));
  }
  if (r.okPerSecond <= 0.05 && r.failedPerSecond <= 0.05) svg.append(draw('path', { d: curve(0, at.x2), class: 'edge none' }));
}

function text(x, y, content, anchor, full, css) {
  const element = draw('text', { x, y, 'text-anchor': anchor, class: css ?? false, text: content });
  if (full && full !== content) element.append(draw('title', { text: full }));
  return element;
}

/** A name, or its short form where it does not fit. */
const brief = (name, short, width) => name.length * 7.3 <= width ? name : short;

/** As much of a name's end as fits: names of pods differ at their ends. */
const fit = (name, width) => name.length * 7.3 <= width ? name : `…${name.slice(-Math.max(3, Math.floor(width / 7.3) - 1))}`;
