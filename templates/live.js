
// The page while a run goes on: what the server sends takes the place of what is there.
// What the reader has chosen, opened and reached stays. It follows report.js.
const live = document.getElementById('live');

function tell(text, ended) {
  live.textContent = text;
  live.classList.toggle('ended', ended);
}

// kept are the settings of the controls and the tables that are open, and how to bring
// them back.
function kept() {
  const boxes = new Map([...document.querySelectorAll('#controls input')].map((box) => [box.name + box.value, box.checked]));
  const services = controls?.elements.services?.value;
  const open = [...document.querySelectorAll('#report details')].map((d) => d.open);
  const focus = document.activeElement?.id;
  return () => {
    document.querySelectorAll('#controls input').forEach((box) => { box.checked = boxes.get(box.name + box.value) ?? box.checked; });
    const select = controls?.elements.services;
    if (select && [...select.options].some((o) => o.value === services)) select.value = services;
    document.querySelectorAll('#report details').forEach((d, i) => { d.open = open[i] ?? false; });
    if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  };
}

function replace(content) {
  const fresh = new DOMParser().parseFromString(content, 'text/html').getElementById('report');
  const restore = kept(), y = scrollY;
  all.forEach((chart) => chart.chart.dispose());
  document.getElementById('report').replaceWith(document.adoptNode(fresh));
  document.title = document.querySelector('h1').textContent;
  start(restore);
  scrollTo(scrollX, y);
}

// Nobody looks at a page that is hidden: it asks for nothing but the end.
let events;
function listen() {
  events?.close();
  events = new EventSource(document.hidden ? 'events?only=end' : 'events');
  events.addEventListener('changed', (e) => {
    const { content, everyMs } = JSON.parse(e.data);
    replace(content);
    tell(`The run goes on. Drawn at ${new Date().toLocaleTimeString()}, every ${Math.ceil(everyMs / 1000)} s at most.`, false);
  });
  events.addEventListener('ended', (e) => {
    events.close();
    document.removeEventListener('visibilitychange', listen);
    replace(JSON.parse(e.data).content);
    tell('The run has ended. This page stays as it is, and cannot be loaded again; the run file has all of it.', true);
  });
  events.onerror = () => tell('The command that serves this page does not answer. What is here is the latest that it sent.', true);
}
document.addEventListener('visibilitychange', listen);
listen();
