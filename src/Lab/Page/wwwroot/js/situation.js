// The status of the run: the headline, since when and after what, why, and what to do.

import { byId, make, replaceWhenChanged, setText } from './dom.js';
import { clockOf, shorten } from './looks.js';
import { command } from './control.js';

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
  const fault = situation.kind === 'failing' || situation.kind === 'skewed';
  const explained = state.diagnosis && situation.hop;
  story([
    ['Failing', situation.failures && `${situation.failures}${situation.since ? '' : '.'}`],
    ['Since', situation.since && `since ${situation.since}${/^[\d.]+ s$/.test(situation.since) && state.startedAt ? ` (${clockOf(state, parseFloat(situation.since))})` : ''},`],
    ['After', situation.after && (situation.after.startsWith('no ') ? situation.after : `after ${situation.after}`)],
    ['Answers', !situation.failures && !situation.since && !state.rows.length && situation.answers],
  ]);
  facts([
    [fault || explained ? 'Why' : 'So far', shorten(situation.why, state)],
    ['At hop', explained && situation.hop],
    ['Fix', explained && fault && state.diagnosis.remedies.length ? state.diagnosis.remedies.join(' · or ') : '', tryIt(state)],
    ['Certainty', fault && state.verdict ? certainty(state.verdict) : ''],
  ]);
  progress(state);
}

function story(parts) {
  const shown = parts.filter(part => part[1]);
  replaceWhenChanged(byId('story'), shown.map(part => part[0]), () => shown.map(([name]) => make('span', { 'data-fact': name, class: name === 'Failing' ? 'bad' : false })));
  shown.forEach(([name, text]) => setText(byId('story').querySelector(`[data-fact="${name}"]`), text));
}

/** Texts of which the first sentence is enough; the rest opens. Only texts that differ are changed, so that a selection stays. */
function facts(all) {
  const shown = all.filter(fact => fact[1]).map(([name, text, action]) => ({ name, ...split(text, name === 'So far'), action }));
  replaceWhenChanged(byId('facts'), shown.map(f => [f.name, Boolean(f.rest), f.action?.id]), () => shown.flatMap(({ name, rest, action }) => [
    make('dt', { text: name, 'data-of': name }),
    make('dd', { 'data-fact': name }, make('span'), ...(rest ? more(name) : []),
      action ? make('button', { type: 'button', class: 'try', text: action.label, title: action.title, onclick: action.run }) : null),
  ]));
  for (const { name, first, rest } of shown) {
    const [head, tail] = byId('facts').querySelectorAll(`[data-fact="${name}"] span`);
    setText(head, first);
    if (rest) setText(tail, ` ${rest}`);
  }
  byId('facts').querySelectorAll('.try').forEach(button => { button.hidden = !sessionStorage.getItem('token'); });
}

/** A button that shows the rest of a text in its place. */
function more(name) {
  const rest = make('span', { hidden: true });
  return [make('button', { type: 'button', class: 'more', text: 'more', 'aria-label': `More: ${name}`, onclick: event => { rest.hidden = false; event.currentTarget.hidden = true; } }), rest];
}

function split(text, always = false) {
  const end = text.search(/[.;] (?=[A-Za-z])|( · or )/);
  if (text.length < 110 || (always && text.length < 260) || end < 0) return { first: text, rest: '' };
  return { first: text.slice(0, end) + (text[end] === ' ' ? '' : '.'), rest: text.slice(end).replace(/^[.;] | · /, '') };
}

/** What undoes the policy after which the fault began. */
function tryIt(state) {
  const policy = /^(\S+) was applied/.exec(state.situation.after)?.[1];
  return policy && { id: policy, label: 'Try it', title: `Removes ${policy}`, run: () => command('remove-policy', policy) };
}

function certainty(verdict) {
  if (verdict.kind !== 'skewed') return verdict.text;
  return `wrong in at most 1 of ${Math.round(Math.exp(verdict.logThreshold)).toLocaleString('en')} runs (${verdict.connections.toLocaleString('en')} connections)`;
}

function progress(state) {
  const { phase } = state;
  const activity = { idle: 'idle', starting: 'starting', running: state.manual ? 'load, manual' : '', ended: '' }[state.activity] ?? state.activity;
  const count = state.requests ? `${state.ratePerSecond}/s · ${state.requests.toLocaleString('en')} requests · ${Math.round(state.at)} s · ${clockOf(state, state.at)}` : '';
  setText(byId('scenario-name'), state.scenario || state.title || 'Load-balancing lab');
  byId('scenario-name').title = state.title;
  setText(byId('run-line'), [count, activity, phase ? '' : state.step].filter(Boolean).join(' · '));
  byId('phase').hidden = !phase;
  if (!phase) return;
  const passed = Math.max(0, Math.min(phase.seconds, state.at - phase.start));
  setText(byId('phase').querySelector('.text'), `${phase.name} ${Math.round(passed)}/${+phase.seconds.toFixed(1)} s`);
  byId('phase').querySelector('progress').value = passed / phase.seconds;
}
