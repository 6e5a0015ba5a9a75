// The status of the run: which pods answer, which do not, since when, after which event, at which hop and why.

import { byId, make, replaceWhenChanged, setText } from './dom.js';

const marks = { waiting: '…', undecided: '○', balanced: '✓', failing: '✗', skewed: '≠', recovered: '✓' };

let last = null;
let silence = '';

/** Sets why no events arrive; empty: they do. The last status is then marked as old, here and in the title of the tab. */
export function connected(why) {
  silence = why;
  if (last) headline();
}

function headline() {
  const words = `${marks[last.kind] ?? ''} ${last.headline}`;
  byId('situation').dataset.kind = silence ? 'waiting' : last.kind;
  setText(byId('headline'), silence ? `${silence}. Last seen: ${words}` : words);
  document.title = byId('headline').textContent;
}

export function show(state) {
  const { situation } = state;
  last = situation;
  headline();
  const facts = [['Answering', situation.answers], ['Not answering', situation.silent, 'bad'], ['Failing', situation.failures, 'bad'], ['Since', situation.since && `${situation.since} into the run`], ['After', situation.after], ['At hop', situation.hop], ['Why', situation.why]].filter(fact => fact[1]);
  // Only texts that differ are changed, so that a selection stays.
  replaceWhenChanged(byId('facts'), facts.map(fact => fact[0]), () => facts.flatMap(([name, , css]) => [make('dt', { text: name }), make('dd', { class: css ?? false, 'data-fact': name })]));
  facts.forEach(([name, text]) => setText(byId('facts').querySelector(`[data-fact="${name}"]`), text));
  const activity = { idle: 'idle', starting: 'starting', running: state.manual ? 'load, manual' : 'running', ended: 'over' }[state.activity] ?? state.activity;
  setText(byId('run-line'), [state.scenario, activity, state.step, state.requests ? `${Math.round(state.at)} s, ${state.requests.toLocaleString('en')} requests at ${state.ratePerSecond}/s` : ''].filter(Boolean).join(' · '));
  replaceWhenChanged(byId('events'), state.events, () => state.events.length
    ? state.events.map(event => make('li', {}, make('b', { text: `${event.at.toFixed(1)} s` }), ` ${event.name}`))
    : [make('li', { class: 'note', text: 'No event has been recorded under load yet.' })]);
}
