// Commands. They need the token in the fragment of the printed link. Browsers never send a fragment to a server; the token is kept for this tab only.

import { byId, make, replaceWhenChanged, setText } from './dom.js';
import { shortNames } from './looks.js';

let lab = { scenarios: [], policies: [], pods: [], reports: [] };
let activity = 'idle';
let busy = false;

let token = takeToken();

function takeToken() {
  const given = location.hash.slice(1);
  if (/^[\w-]{22}$/.test(given)) {
    sessionStorage.setItem('token', given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem('token');
}

/** With the token, for which the lab keeps some streams free. */
export function eventsUrl() {
  return token ? `events?token=${token}` : 'events';
}

export function start() {
  if (!token) say('To control the lab, open this page with the link that the terminal shows.', '');
  // A link with another token in a tab that already shows this page: the browser does not load the page again.
  addEventListener('hashchange', () => {
    const old = token;
    token = takeToken();
    if (token !== old) say('', '');
    enable();
  });
  byId('run').addEventListener('click', () => command('run', byId('scenario').value));
  byId('manual').addEventListener('click', () => command('manual', byId('scenario').value));
  byId('stop').addEventListener('click', () => command('stop'));
  byId('delete-pod').addEventListener('click', () => command('delete-pod', byId('pod').value));
  byId('write-report').addEventListener('click', () => command('write-report'));
  byId('scenario').addEventListener('change', showTitle);
  byId('copy-link').addEventListener('click', event => copy(`${location.origin}${location.pathname}${token ? `#${token}` : ''}`, event.currentTarget));
  byId('copy-yaml').addEventListener('click', event => copy(lab.policies[drawn].yaml, event.currentTarget));
  byId('copy-kubectl').addEventListener('click', event => copy(kubectl(lab.policies[drawn]), event.currentTarget));
  byId('drawer-close').addEventListener('click', () => byId('drawer').close());
  enable();
}

export function showLab(info) {
  lab = info;
  byId('cluster').hidden = !info.cluster.notice;
  setText(byId('cluster'), info.cluster.notice);
  byId('cluster').dataset.brief = info.cluster.name.replace(/^emulated/, 'EMULATED');
  options(byId('scenario'), lab.scenarios.map(s => [s.name, s.name]));
  const key = pod => `${pod.namespace}/${pod.name}`;
  const short = shortNames(lab.pods.map(key));
  options(byId('pod'), lab.pods.map(p => [key(p), `${short.get(key(p))} on ${p.node}`]));
  showTitle();
  // Applied or not changes in place, so that the focus stays on the button and the YAML stays open.
  replaceWhenChanged(byId('policies'), lab.policies.map(p => [p.id, p.objects, p.yaml]), () => lab.policies.length ? lab.policies.map(policy) : [make('li', { class: 'note', text: 'This scenario has no policy files.' })]);
  lab.policies.forEach(showApplied);
  setText(byId('reports-brief'), lab.reports.length ? `${lab.reports.length} written` : '');
  replaceWhenChanged(byId('report-list'), lab.reports, () => lab.reports.length ? lab.reports.map(report) : [make('li', { class: 'note', text: 'A report is written at the end of a run; the button above writes one now.' })]);
  enable();
}

let shownScenario = '';

export function showState(state) {
  activity = state.activity;
  if (state.scenario && state.scenario !== shownScenario && lab.scenarios.some(s => s.name === state.scenario)) {
    shownScenario = byId('scenario').value = state.scenario;
    showTitle();
  }
  enable();
}

function options(select, entries) {
  const chosen = select.value;
  replaceWhenChanged(select, entries, () => entries.map(([value, text]) => make('option', { value, text })));
  if (entries.some(([value]) => value === chosen)) select.value = chosen;
}

const showTitle = () => setText(byId('scenario-title'), lab.scenarios.find(s => s.name === byId('scenario').value)?.title ?? '');

function policy({ id, objects }, i) {
  return make('li', { class: 'policy' },
    make('b', { text: id, title: objects }), make('span', { class: 'pill' }),
    make('button', { type: 'button', 'data-target': id, onclick: event => command(event.currentTarget.dataset.command, id) }),
    make('button', { type: 'button', 'data-yaml': id, 'aria-haspopup': 'dialog', 'aria-label': `YAML of ${id}`, text: 'YAML', onclick: () => openDrawer(i) }));
}

let drawn = 0;

/** The YAML opens beside the page, whose layout stays as it is. */
function openDrawer(i) {
  drawn = i;
  const { id, objects, yaml } = lab.policies[i];
  setText(byId('drawer-title'), id);
  setText(byId('drawer-objects'), objects);
  setText(byId('drawer-yaml'), yaml);
  byId('drawer').showModal();
}

/** The command that applies a policy, or deletes what it has applied. */
const kubectl = ({ applied, yaml }) => `kubectl ${applied ? 'delete' : 'apply'} -f - <<'EOF'\n${yaml.trimEnd()}\nEOF\n`;

async function copy(text, button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    setText(button, 'Copied');
  } catch {
    setText(button, 'Not allowed');
  }
  setTimeout(() => setText(button, label), 1500);
}

function showApplied({ id, applied }, i) {
  const card = byId('policies').children[i];
  const [pill, button] = [card.querySelector('.pill'), card.querySelector('[data-target]')];
  pill.classList.toggle('on', applied);
  setText(pill, applied ? 'applied' : 'not applied');
  button.dataset.command = applied ? 'remove-policy' : 'apply-policy';
  setText(button, applied ? 'Remove' : 'Apply');
  button.setAttribute('aria-label', `${applied ? 'Remove' : 'Apply'} ${id}`);
}

function report({ id, diagnosis }) {
  const link = (file, text) => make('a', { href: `reports/${encodeURIComponent(id)}/${file}`, text, 'aria-label': `${text} of ${id}`, ...(file === 'report.html' ? { target: '_blank', rel: 'noopener' } : { download: `${id}-${file}` }) });
  return make('li', {}, make('b', { text: id }), ` ${diagnosis} `, make('span', { class: 'links' }, link('report.html', 'page'), link('report.md', 'Markdown'), link('report.json', 'JSON'), link('junit.xml', 'JUnit'),
    make('button', { type: 'button', text: 'Copy Markdown', 'aria-label': `Copy the Markdown of ${id}`, onclick: async event => { const { currentTarget } = event; copy(await (await fetch(`reports/${encodeURIComponent(id)}/report.md`)).text(), currentTarget); } })));
}

function enable() {
  const running = activity === 'running' || activity === 'starting';
  const can = Boolean(token);
  for (const id of ['run', 'manual']) byId(id).disabled = !can || !lab.scenarios.length;
  byId('stop').disabled = !can || !running;
  byId('delete-pod').disabled = !can || !lab.pods.length;
  byId('write-report').disabled = !can;
  document.querySelectorAll('#policies [data-target]').forEach(button => { button.disabled = !can; });
  // During a command the buttons are dimmed but keep the focus. The server accepts one command at a time.
  document.querySelectorAll('#control button:not(#stop):not([data-yaml]), #write-report').forEach(button => button.setAttribute('aria-disabled', String(busy)));
}

export async function command(action, target = '') {
  if (busy && action !== 'stop') return;
  busy = true;
  enable();
  say(`${action.replaceAll('-', ' ')} ${target} …`, '');
  try {
    const answer = await fetch('commands', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Page-Token': token }, body: JSON.stringify({ action, target }) });
    say(await answer.text(), answer.ok ? 'good' : 'bad');
  } catch {
    say('The lab did not answer. Check whether it is still running.', 'bad');
  } finally {
    busy = false;
    enable();
  }
}

function say(text, css) {
  byId('answer').className = css;
  setText(byId('answer'), text);
}
