// The page: one stream of events from the lab, and the modules that show them. A hidden page closes its stream and gets everything again when it is visible.

import { byId, setText } from './dom.js';
import * as control from './control.js';
import * as details from './details.js';
import * as path from './path.js';
import * as pods from './pods.js';
import * as series from './series.js';
import * as situation from './situation.js';
import * as timeline from './timeline.js';

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
  stream = new EventSource(control.eventsUrl());
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
    path.show(state);
    pods.show(state);
    details.show(state);
    timeline.show(state);
  });
}

function tell(css, text) {
  byId('link-state').className = css;
  setText(byId('link-state').querySelector('.text'), text);
  situation.connected(css === 'on' ? '' : text[0].toUpperCase() + text.slice(1));
}

document.addEventListener('visibilitychange', () => { if (document.hidden) { close(); tell('off', 'paused'); } else open(); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { timeline.recolour(); draw(); });
new ResizeObserver(() => { if (state) path.show(state); }).observe(byId('picture'));
control.start();
open();
