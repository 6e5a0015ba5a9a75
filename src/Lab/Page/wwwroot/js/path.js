// The path of the requests, with nodes as boxes: client, proxies, pods. The width of an edge is its rate; an edge of failures is dashed and ends in a cross.

import { byId, draw, number, setText } from './dom.js';
import { colourOf, isMany, podsOf, states } from './looks.js';

const lane = 40;
const gap = 7;
const maxPods = 3;
let last = '';

export function show(state) {
  const box = byId('picture');
  const width = Math.round(box.clientWidth);
  if (width === 0) return;
  const pods = podsOf(state);
  const key = JSON.stringify([width, pods.map(r => [r.key, r.okPerSecond, r.failedPerSecond, r.state]), state.httpRules, state.client]);
  if (key === last) return;
  last = key;
  if (pods.length === 0) {
    box.replaceChildren();
    setText(byId('picture-note'), state.activity === 'starting' ? state.step : 'The pods appear here when the load begins.');
    return;
  }
  const nodes = group(pods, state.client.node, isMany(state));
  box.replaceChildren(picture(state, nodes, width));
  setText(byId('picture-note'), pods.some(r => r.failedPerSecond > 0.05) ? 'Dashed with a cross: 5xx attributed to that pod.' : '');
}

/** The client's node, and a box for each other node; where there are many pods, a box for all nodes whose pods are in the same state. */
function group(pods, clientNode, many) {
  const [local, remote] = [pods.filter(r => r.onClientNode || r.node === clientNode), pods.filter(r => !r.onClientNode && r.node !== clientNode)];
  const boxOf = (name, rows) => ({ name, lanes: rows.length > maxPods || (many && rows.length > 1) ? [merge(rows)] : rows });
  const boxes = [...Map.groupBy(remote, r => many ? r.state : r.node).values()].map(rows => {
    const nodes = new Set(rows.map(r => r.node)).size;
    return boxOf(nodes > 1 ? `${nodes} nodes` : rows[0].shortNode, rows);
  });
  return { local: boxOf(clientNode, local), remote: many ? boxes : boxes.sort((x, y) => x.name.localeCompare(y.name)) };
}

/** Many pods as one. */
function merge(rows) {
  const sum = name => rows.reduce((total, r) => total + r[name], 0);
  const count = rows.reduce((total, r) => total + r.pods, 0);
  const bad = rows.filter(r => r.state !== 'answers').reduce((total, r) => total + r.pods, 0);
  return { key: rows[0].node, short: `${count} pods`, name: rows.map(r => r.short).join(', '), detail: bad ? `${bad} ${states[rows[0].state].many}` : 'all answering', state: rows[0].state, pods: count, okPerSecond: sum('okPerSecond'), failedPerSecond: sum('failedPerSecond') };
}

function picture(state, { local, remote }, width) {
  const narrow = width < 500;
  const size = width < 330 ? { client: 44, proxy: 18, pod: 76 } : narrow ? { client: 50, proxy: 42, pod: 82 } : { client: 66, proxy: 54, pod: Math.max(96, Math.min(150, width * 0.2)) };
  const rules = state.httpRules;
  const inbound = rules.backends ? size.proxy + gap : 0;
  const right = inbound + size.pod + 2 * gap;
  // Room for the way down from one proxy to the other.
  const left = Math.max(size.client + (rules.client ? gap + size.proxy : 0), inbound + size.pod + (narrow ? 0 : 2 * gap)) + 2 * gap;
  const boxes = stack(remote, gap);
  const localLane = lane + gap + (narrow ? 10 : 0);
  const localHeight = 22 + lane + local.lanes.length * localLane + (narrow ? 2 : gap);
  const height = Math.max(localHeight, boxes.height) + 4;
  const most = Math.max(1e-9, ...[...local.lanes, ...remote.flatMap(n => n.lanes)].map(r => Math.max(r.okPerSecond, r.failedPerSecond)));
  const svg = draw('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-label': label(state) });
  const top = Math.max(2, (height - localHeight) / 2);
  const y = top + 22 + lane / 2;
  const from = 2 + gap + size.client + (rules.client ? gap + size.proxy : 0);
  const x = width - right - 2;

  svg.append(draw('rect', { x: 2, y: top, width: left, height: localHeight, rx: 8, class: 'node client' }), text(2 + gap, top + 15, fit(local.name ? shortOf(local.name, state) : '', left - 2 * gap), 'start', local.name, 'muted'));
  for (const node of boxes.nodes) svg.append(draw('rect', { x, y: node.y, width: right, height: node.height, rx: 8, class: 'node' }), text(x + gap, node.y + 13, fit(node.name, right - 2 * gap), 'start', node.lanes[0].node ?? node.name, 'muted'));
  // The edges are below the boxes of pods and proxies.
  for (const node of boxes.nodes) node.lanes.forEach((r, i) => edges(svg, r, from, y, x + gap, node.y + 18 + i * lane + lane / 2 - 2, most, narrow, (x - left) > 150));
  local.lanes.forEach((r, i) => {
    const at = top + 22 + lane + gap + i * localLane + lane / 2;
    const startX = rules.client ? 2 + gap + size.client + gap + size.proxy / 2 : 2 + gap + size.client / 2;
    const endX = 2 + left - gap - size.pod - inbound;
    local_(svg, r, startX, y + 13, endX + (rules.backends ? size.proxy : size.pod) / 2, at - 13, most);
    pod(svg, r, endX, at, size, rules.backends);
    if (narrow) rate(svg, r, 2 + left - gap, at + 26, 'end', true);
    else rate(svg, r, 2 + left + 6, at + 4, 'start', false);
  });
  svg.append(draw('rect', { x: 2 + gap, y: y - 14, width: size.client, height: 28, rx: 6, class: 'box client' }), text(2 + gap + size.client / 2, y + 4, 'client', 'middle', state.client.pod, 'strong'));
  if (rules.client) {
    svg.append(draw('line', { x1: 2 + gap + size.client, y1: y, x2: 2 + gap + size.client + gap, y2: y, class: 'wire' }));
    proxy(svg, 2 + gap + size.client + gap, y, size.proxy);
  }
  for (const node of boxes.nodes) node.lanes.forEach((r, i) => pod(svg, r, x + gap, node.y + 18 + i * lane + lane / 2 - 2, size, rules.backends));
  return svg;
}

/** Boxes one below the other. */
function stack(nodes, gap) {
  let y = 2;
  const placed = nodes.map(node => {
    const height = 18 + node.lanes.length * lane + 2;
    const at = { ...node, y, height };
    y += height + gap;
    return at;
  });
  return { nodes: placed, height: y };
}

const label = state => `Requests per second from ${state.client.pod} on ${state.client.node}: ${podsOf(state).slice(0, 20).map(r => `${r.name} on ${r.node} ${number(r.okPerSecond)} successes, ${number(r.failedPerSecond)} failures attributed to it`).join('; ')}`;

const shortOf = (node, state) => podsOf(state).find(r => r.node === node)?.shortNode ?? node;

function proxy(svg, x, y, width) {
  svg.append(draw('rect', { x, y: y - 12, width, height: 24, rx: Math.min(12, width / 2), class: 'box proxy' }, draw('title', { text: 'proxy' })));
  if (width > 30) svg.append(text(x + width / 2, y + 4, 'proxy', 'middle', '', 'muted'));
}

function pod(svg, r, x, middle, size, proxied) {
  if (proxied) {
    proxy(svg, x, middle, size.proxy);
    svg.append(draw('line', { x1: x + size.proxy, y1: middle, x2: x + size.proxy + gap, y2: middle, class: 'wire' }));
    x += size.proxy + gap;
  }
  const { mark, css } = states[r.state] ?? states.answers;
  svg.append(
    draw('rect', { x, y: middle - 15, width: size.pod, height: 30, rx: 6, class: `box ${r.state}` }, draw('title', { text: `${r.name}: ${r.detail ?? states[r.state]?.one}` })),
    text(x + 6, middle + 4, mark, 'start', '', `strong ${css}`),
    draw('circle', { cx: x + 23, cy: middle, r: 4, class: `fill f${colourOf(r.key)}` }),
    text(x + 30, middle + 4, fit(r.short, size.pod - 34, 7.6), 'start', r.name, 'strong'));
}

function rate(svg, r, x, y, anchor, narrow) {
  const [ok, failed] = [r.okPerSecond > 0.05, r.failedPerSecond > 0.05];
  if (ok) svg.append(text(x, y - (failed ? 8 : 0), `${number(r.okPerSecond)}${narrow ? '' : ' ok'}/s`, anchor, '', 'rate'));
  if (failed) svg.append(text(x, y + (ok ? 8 : 0), `${number(r.failedPerSecond)}${narrow ? '' : ' × 5xx'}/s`, anchor, '', 'rate bad'));
}

/** From the client's proxy down to a pod of the same node. */
function local_(svg, r, x1, y1, x2, y2, most) {
  const d = `M${x1},${y1} C${x1},${(y1 + y2) / 2} ${x2},${(y1 + y2) / 2} ${x2},${y2}`;
  if (r.okPerSecond > 0.05) svg.append(draw('path', { d, class: 'edge', 'stroke-width': 1 + 5 * r.okPerSecond / most }), draw('path', { d, class: 'flow', 'stroke-width': 2 }));
  else svg.append(draw('path', { d, class: r.failedPerSecond > 0.05 ? 'edge fail' : 'edge none', 'stroke-width': 2 }));
}

function edges(svg, r, x1, y1, x2, y2, most, narrow, roomy) {
  const [ok, failed] = [r.okPerSecond > 0.05, r.failedPerSecond > 0.05];
  const curve = (shift, end) => `M${x1},${y1} C${(x1 + x2) / 2},${y1} ${(x1 + x2) / 2},${y2 + shift} ${end},${y2 + shift}`;
  if (ok) svg.append(draw('path', { d: curve(failed ? -7 : 0, x2), class: 'edge', 'stroke-width': 1 + 5 * r.okPerSecond / most }), draw('path', { d: curve(failed ? -7 : 0, x2), class: 'flow', 'stroke-width': 2 }));
  if (failed) {
    const [end, y] = [x2 - 16, y2 + (ok ? 7 : 0)];
    svg.append(draw('path', { d: curve(ok ? 7 : 0, end), class: 'edge fail', 'stroke-width': 1.5 + 3 * r.failedPerSecond / most }), draw('path', { d: `M${end - 5},${y - 5} l10,10 m0,-10 l-10,10`, class: 'cross' }));
  }
  if (!ok && !failed) svg.append(draw('path', { d: curve(0, x2), class: 'edge none' }));
  const y = y2 + (ok && failed ? -16 : -9);
  if (ok) svg.append(text(x2 - 16, y, `${number(r.okPerSecond)}${roomy ? ' ok' : ''}/s`, 'end', '', 'rate'));
  if (failed) svg.append(text(x2 - 26, ok ? y2 + 20 : y, `${number(r.failedPerSecond)}${roomy ? ' × 5xx' : ''}/s`, 'end', '', 'rate bad'));
}

function text(x, y, content, anchor, full, css) {
  const element = draw('text', { x, y, 'text-anchor': anchor, class: css ?? false, text: content });
  if (full && full !== content) element.append(draw('title', { text: full }));
  return element;
}

/** As much of a name's end as fits: names of pods differ at their ends. Of a group, such as "275 pods", the number. */
function fit(name, width, letter = 6.5) {
  if (name.length * letter <= width) return name;
  const group = /^(\d+) pods$/.exec(name);
  return group ? group[1] : `…${name.slice(-Math.max(3, Math.floor(width / letter) - 1))}`;
}
