// How a row (a pod, or a node) looks in every picture: a colour of a colour-blind-safe palette and a dash, so that colour alone tells nothing.

import { draw } from './dom.js';

const colours = 8;
const seen = new Map();

/** Position of a row's colour, the same as long as the page is open. */
export function colourOf(key) {
  if (!seen.has(key)) {
    if (seen.size > 400) seen.clear();
    seen.set(key, seen.size % colours);
  }
  return seen.get(key);
}

/** The colour itself, for a canvas. */
export const ink = (name, element = document.documentElement) => getComputedStyle(element).getPropertyValue(name).trim();
export const strokeOf = key => ink(`--s${colourOf(key)}`);

/** A sample of a line, for a legend. */
export function sample(key, dashed) {
  return draw('svg', { viewBox: '0 0 28 10', class: 'sample', 'aria-hidden': 'true' }, draw('line', { x1: 0, y1: 5, x2: 28, y2: 5, class: `line s${colourOf(key)}${dashed ? ' dashed' : ''}` }));
}

/** What tells names apart: the part behind what all have in common, up to a dash or slash. */
export function shortNames(names) {
  if (names.length < 2) return new Map(names.map(name => [name, name.slice(name.indexOf('/') + 1)]));
  let common = 0;
  for (let i = 0; i < names[0].length && names.every(name => name[i] === names[0][i]); i++) if ('-/'.includes(names[0][i])) common = i + 1;
  return new Map(names.map(name => [name, name.slice(common) || name]));
}
