// Colours, names and states of a row (a pod or a node), the same in every picture. Information never depends on colour alone.

import { draw } from './dom.js';

const colours = 8;
const seen = new Map();

/** Number of a row's colour, which stays the same while the page is open. */
export function colourOf(key) {
  if (!seen.has(key)) {
    if (seen.size > 400) seen.clear();
    seen.set(key, seen.size % colours);
  }
  return seen.get(key);
}

/** A colour for a canvas. */
export const ink = (name, element = document.documentElement) => getComputedStyle(element).getPropertyValue(name).trim();
export const strokeOf = key => ink(`--s${colourOf(key)}`);

/** A sample of a line, for a legend. */
export function sample(key, dashed) {
  return draw('svg', { viewBox: '0 0 20 8', class: 'sample', 'aria-hidden': 'true' }, draw('line', { x1: 0, y1: 4, x2: 20, y2: 4, class: `line s${colourOf(key)}${dashed ? ' dashed' : ''}` }));
}

/** Names without their common prefix, which ends at a dash or slash. */
export function shortNames(names) {
  if (names.length < 2) return new Map(names.map(name => [name, name.slice(name.indexOf('/') + 1)]));
  let common = 0;
  for (let i = 0; i < names[0].length && names.every(name => name[i] === names[0][i]); i++) if ('-/'.includes(names[0][i])) common = i + 1;
  return new Map(names.map(name => [name, name.slice(common) || name]));
}

/** State of a pod: its mark, in words for one pod and for several. */
export const states = {
  silent: { mark: '✗', one: 'does not answer', many: 'not answering', css: 'bad' },
  short: { mark: '!', one: 'short of its share', many: 'short of their share', css: 'open' },
  undecided: { mark: '○', one: 'less than its share so far', many: 'with less than their share so far', css: 'open' },
  answers: { mark: '✓', one: 'answers', many: 'answering', css: 'good' },
};
const order = Object.keys(states);

/** Every pod, worst first, with short names of it and its node. */
export function podsOf(state) {
  const rows = state.pods ?? state.rows;
  const [pods, nodes] = [shortNames(rows.map(r => r.key)), shortNames([...new Set([state.client.node, ...rows.map(r => r.node)].filter(Boolean))])];
  return rows.map(r => ({ ...r, short: r.pods > 1 ? `${r.pods} pods` : pods.get(r.key), shortNode: nodes.get(r.node) ?? r.node }))
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || (a.share ?? 0) - (b.share ?? 0) || a.key.localeCompare(b.key));
}

/** From this number of pods on they are shown in groups and as a heat map. */
export const isMany = state => (state.pods ?? state.rows).length > 8;

/** A text in which the long names of pods and nodes are short. */
export function shorten(text, state) {
  const rows = state.pods ?? state.rows;
  if (rows.length > 50) return text;
  const short = shortNames(rows.map(r => r.key));
  for (const row of rows) text = text.replaceAll(row.name, short.get(row.key));
  return text;
}

/** A moment of the run as time of day, UTC; empty before the load. */
export function clockOf(state, at) {
  return state.startedAt ? `${new Date(Date.parse(state.startedAt) + at * 1000).toISOString().slice(11, 19)} UTC` : '';
}
