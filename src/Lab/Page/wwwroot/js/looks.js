// Colours and dashes of a row (a pod or a node), the same in every picture. Information never depends on colour alone.

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
  return draw('svg', { viewBox: '0 0 28 10', class: 'sample', 'aria-hidden': 'true' }, draw('line', { x1: 0, y1: 5, x2: 28, y2: 5, class: `line s${colourOf(key)}${dashed ? ' dashed' : ''}` }));
}

/** Names without their common prefix, which ends at a dash or slash. */
export function shortNames(names) {
  if (names.length < 2) return new Map(names.map(name => [name, name.slice(name.indexOf('/') + 1)]));
  let common = 0;
  for (let i = 0; i < names[0].length && names.every(name => name[i] === names[0][i]); i++) if ('-/'.includes(names[0][i])) common = i + 1;
  return new Map(names.map(name => [name, name.slice(common) || name]));
}
