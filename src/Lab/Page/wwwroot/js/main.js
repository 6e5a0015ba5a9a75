// The page: one stream of events from the lab, and the modules that show them. A hidden page closes its stream and gets everything again when it is visible.

import { byId, setText } from './dom.js';
import * as charts from './charts.js';
import * as control from './control.js';
import * as series from './series.js';
import * as situation from './situation.js';
import * as tables from './tables.js';
import * as topology from './topology.js';

let stream = null;
let state = null;
let pending = false;

const handlers = {
  lab: info => control.showLab(info),
  state: next => { state = next; },
  series: all => series.reset(all),
  point: one => series.add(one),
};

function open() {
  if (stream || document.hidden) return;
  stream = new EventSource('events');
  stream.onopen = () => tell('on', 'live');
  stream.onerror = () => {
    tell('off', 'not connected');
    // The browser does not retry a refused stream.
    if (stream?.readyState === EventSource.CLOSED) { close(); setTimeout(open, 2000); }
  };
  for (const [name, handle] of Object.entries(handlers)) stream.addEventListener(name, event => { handle(JSON.parse(event.data)); draw(); });
}

function close() {
  stream?.close();
  stream = null;
}

/** Draws once for all events of a frame. */
function draw() {
  if (pending) return;
  pending = true;
  requestAnimationFrame(() => {
    pending = false;
    if (!state) return;
    situation.show(state);
    control.showState(state);
    topology.show(state);
    tables.show(state);
    charts.setEvents(state.events);
    charts.setRows(state.rows);
    charts.drawAll(state.verdict?.logThreshold);
  });
}

function tell(css, text) {
  byId('link-state').className = css;
  setText(byId('link-state').querySelector('.text'), text);
  situation.connected(css === 'on' ? '' : text[0].toUpperCase() + text.slice(1));
}

document.addEventListener('visibilitychange', () => { if (document.hidden) { close(); tell('off', 'paused'); } else open(); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { charts.redrawAll(); draw(); });
new ResizeObserver(() => { if (state) topology.show(state); }).observe(byId('picture'));
control.start();
open();
