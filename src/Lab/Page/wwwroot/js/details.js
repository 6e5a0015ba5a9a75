// The folded details: verdict, all counts, reconciliation, events.

import { byId, make, number, percent, replaceWhenChanged, setText } from './dom.js';
import { clockOf, sample, states } from './looks.js';
import { bar } from './pods.js';

export function show(state) {
  verdict(state);
  rows(state.rows);
  agreement(state);
  replaceWhenChanged(byId('events'), [state.events, state.startedAt], () => state.events.length
    ? state.events.map(event => make('li', {}, make('b', { text: `${event.at.toFixed(1)} s` }), ` ${event.name} (${clockOf(state, event.at)})`))
    : [make('li', { class: 'note', text: 'No event has been recorded under load yet.' })]);
}

function verdict({ verdict, diagnosis }) {
  byId('verdict').dataset.kind = verdict?.kind ?? 'undecided';
  setText(byId('verdict-brief'), [verdict?.kind, diagnosis?.name].filter(Boolean).join(' · '));
  setText(byId('verdict-text'), verdict ? `${verdict.text}${verdict.maxOverMean ? `. The busiest pod has ${number(verdict.maxOverMean, 2)} times its fair load` : ''}.` : 'No request has been evaluated yet.');
  replaceWhenChanged(byId('diagnosis'), diagnosis, () => diagnosis ? [
    make('h3', {}, 'Diagnosis: ', make('span', { text: diagnosis.name })), make('p', { text: diagnosis.sentence }), ...list('Evidence', diagnosis.supports), ...list('What would refute it', diagnosis.refutes),
    ...list('Remedies', diagnosis.remedies), ...list('Further reading', diagnosis.links, url => make('a', { href: url, rel: 'noreferrer', target: '_blank', text: url })),
  ] : []);
}

const list = (title, items, item = text => document.createTextNode(text)) => items.length ? [make('h4', { text: title }), make('ul', {}, ...items.map(i => make('li', {}, item(i))))] : [];

function rows(all) {
  const body = byId('rows');
  replaceWhenChanged(body, all.map(r => [r.key, r.node, r.pods]), () => all.map(r => make('tr', { 'data-row': r.key },
    make('th', { scope: 'row' }, sample(r.key, false), r.pods > 1 ? `${r.pods} pods` : r.name), make('td', { class: 'state' }),
    make('td', { text: `${r.node}${r.onClientNode ? ' ← client' : ''}` }), make('td', { class: 'n' }), make('td', { class: 'n' }), make('td', { class: 'share' }), make('td', { class: 'n' }), make('td', { class: 'n' }))));
  all.forEach((r, i) => {
    const [, state, , ok, failed, share, p50, p99] = body.children[i].children;
    setText(state, states[r.state] ? `${states[r.state].mark} ${states[r.state].one}` : r.state);
    state.dataset.state = r.state;
    setText(ok, number(r.okPerSecond));
    setText(failed, number(r.failedPerSecond));
    failed.classList.toggle('bad', r.failedPerSecond > 0.05);
    bar(share, r);
    setText(share.querySelector('.text'), r.shareUpper === null ? percent(r.share) : `${percent(r.share)} [${percent(r.shareLower)}–${percent(r.shareUpper)}], fair ${percent(r.expected)}`);
    setText(p50, r.p50Ms === null ? '–' : `${number(r.p50Ms)} ms`);
    setText(p99, r.p99Ms === null ? '–' : `${number(r.p99Ms)} ms`);
  });
}

function agreement({ reconciliation, activity }) {
  const differs = reconciliation.filter(line => line.difference !== 0).length;
  setText(byId('agreement-note'), reconciliation.length === 0 ? 'Nothing has been counted yet.' : activity === 'running' ? 'During load, requests in flight make small differences. After the load every count must agree.'
    : differs === 0 ? `✓ Client, proxies and backends agree exactly (${reconciliation.length} counts).` : `✗ ${differs} of ${reconciliation.length} counts differ.`);
  const body = byId('counts');
  replaceWhenChanged(body, reconciliation.map(line => line.what), () => reconciliation.map(line => make('tr', {}, make('th', { scope: 'row', text: line.what, title: line.explanation }), make('td'), make('td'), make('td', { class: 'n' }))));
  reconciliation.forEach((line, i) => {
    const [, left, right, difference] = body.children[i].children;
    setText(left, `${line.left}: ${number(line.leftCount, 0)}`);
    setText(right, `${line.right}: ${number(line.rightCount, 0)}`);
    setText(difference, line.difference === 0 ? '0' : `${line.difference > 0 ? '+' : '−'}${number(Math.abs(line.difference), 0)}`);
    difference.classList.toggle('bad', line.difference !== 0 && activity !== 'running');
  });
}
