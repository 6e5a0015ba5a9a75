// The pods, worst first: a row each, or groups where there are many.

import { byId, make, number, percent, replaceWhenChanged, setText } from './dom.js';
import { isMany, podsOf, sample, states } from './looks.js';

export function show(state) {
  const box = byId('pod-list');
  const pods = podsOf(state);
  if (pods.length === 0) replaceWhenChanged(box, [state.activity, state.step], () => [make('p', { class: 'note', text: state.activity === 'starting' ? state.step : 'No pod has been measured yet.' })]);
  else if (isMany(state)) groups(box, pods);
  else list(box, pods);
}

function list(box, pods) {
  replaceWhenChanged(box, pods.map(r => [r.key, r.state]), () => [make('table', {},
    make('thead', {}, make('tr', {}, ...['pod', 'node', 'share', 'ok/s', '5xx/s', 'p50', 'p99'].map((title, i) => make('th', { scope: 'col', class: i > 4 ? 'n latency' : i > 2 ? 'n' : false, text: title, title: title === 'share' ? 'share of successes' : false })))),
    make('tbody', {}, ...pods.map(row)))]);
  pods.forEach((r, i) => {
    const [, , share, ok, failed, p50, p99] = box.querySelectorAll('tbody tr')[i].children;
    bar(share, r);
    setText(share.querySelector('.text'), `${percent(r.share)} of ${percent(r.expected)}`);
    setText(ok, `${number(r.okPerSecond)}`);
    setText(failed, r.failedPerSecond > 0.05 ? `${number(r.failedPerSecond)}` : '0');
    failed.classList.toggle('bad', r.failedPerSecond > 0.05);
    setText(p50, r.p50Ms === null ? '–' : `${number(r.p50Ms)} ms`);
    setText(p99, r.p99Ms === null ? '–' : `${number(r.p99Ms)} ms`);
  });
}

function row(r) {
  const { mark, one } = states[r.state] ?? states.answers;
  return make('tr', { 'data-state': r.state },
    make('th', { scope: 'row', title: `${r.name}: ${one}` }, make('span', { class: 'mark-state', role: 'img', 'aria-label': one, text: mark }), sample(r.key, false), r.short),
    make('td', { title: r.node }, r.shortNode, r.onClientNode ? make('span', { class: 'here', text: ' ← client' }) : null),
    make('td', { class: 'share', title: 'The tick is the fair share.' }), make('td', { class: 'n' }), make('td', { class: 'n' }), make('td', { class: 'n latency' }), make('td', { class: 'n latency' }));
}

/** One line for each state, worst first, with the names behind it. */
function groups(box, pods) {
  const byState = [...Map.groupBy(pods, r => r.state)];
  const open = new Set([...box.querySelectorAll('details[open]')].map(d => d.dataset.state));
  replaceWhenChanged(box, byState.map(([state, rows]) => [state, rows.map(r => r.key)]), () => byState.map(([state, rows]) => make('details', { class: 'group', 'data-state': state, open: open.has(state) },
    make('summary', {}, make('span', { class: 'mark-state', 'aria-hidden': 'true', text: states[state].mark }), make('span', { class: 'words' })),
    make('ul', {}, ...rows.map(r => make('li', { title: `${r.name} on ${r.node}`, text: `${r.short} on ${r.shortNode}` }))))));
  byState.forEach(([state, rows], i) => {
    const sum = name => rows.reduce((total, r) => total + r[name], 0);
    const nodes = new Set(rows.map(r => r.node)).size;
    setText(box.children[i].querySelector('.words'), `${rows.length} ${states[state].many}, on ${nodes} node${nodes === 1 ? '' : 's'}: ${number(sum('okPerSecond'))} ok/s${sum('failedPerSecond') > 0.05 ? `, ${number(sum('failedPerSecond'))} × 5xx/s` : ''}`);
  });
}

/** A share as a bar, with its confidence interval and a tick at the fair share. */
export function bar(cell, r) {
  if (!cell.firstChild) cell.append(make('span', { class: 'bar', 'aria-hidden': 'true' }, make('i', { class: 'value' }), make('i', { class: 'interval' }), make('i', { class: 'due' })), make('span', { class: 'text' }));
  const [value, interval, due] = cell.firstChild.children;
  const width = part => `${Math.min(100, Math.max(0, part * 100))}%`;
  value.style.width = width(r.share ?? 0);
  interval.style.left = width(r.shareLower ?? 0);
  interval.style.width = r.shareUpper === null ? '0' : width(r.shareUpper - r.shareLower);
  due.style.left = width(r.expected);
}
