
// The page: charts into their places, and what they are told by pointer, keys and
// controls. It follows charts.js in one script.

// tooltip makes elements, never markup: what it shows is untrusted.
function tooltip(found) {
  const box = document.createElement('div');
  for (const item of [found].flat()) {
    if (!item.data.tip) continue;
    const add = (className, ...texts) => {
      const line = document.createElement('div');
      line.className = className;
      texts.forEach((t, i) => line.appendChild(Object.assign(document.createElement('span'), { textContent: t, className: i ? 'value' : '' })));
      box.appendChild(line);
    };
    add('head', item.data.tip.head);
    item.data.tip.rows.forEach((row) => add('', ...row));
  }
  return box;
}

// One chart and its keys: arrows walk the values, Page Up and Down the series.
class Chart {
  constructor(element) {
    this.element = element;
    this.chart = echarts.init(element, null, { renderer: 'svg', height: 300 });
    this.at = [-1, -1];
    element.addEventListener('keydown', (e) => this.key(e));
    element.addEventListener('blur', () => this.chart.dispatchAction({ type: 'hideTip' }));
  }
  show(view) {
    const { height, ...option } = draw[this.element.id](view);
    this.series = option.series.map((s) => (s.silent ? [] : s.data));
    this.at = [this.series.findIndex((s) => s.length), -1];
    this.chart.resize({ height });
    this.chart.setOption({ animation: false, textStyle: { fontFamily: font }, ...option,
      tooltip: { trigger: 'item', confine: true, transitionDuration: 0, hideDelay: 0, className: 'tip', backgroundColor: card, borderColor: 'var(--line)', textStyle: { color: ink, fontFamily: font }, formatter: tooltip } }, { notMerge: true });
    const svg = this.element.querySelector('svg');
    svg.setAttribute('viewBox', `0 0 ${this.chart.getWidth()} ${this.chart.getHeight()}`);
    svg.setAttribute('aria-hidden', 'true');
  }
  key(e) {
    const steps = { ArrowRight: [0, 1], ArrowDown: [0, 1], ArrowLeft: [0, -1], ArrowUp: [0, -1], PageDown: [1, 0], PageUp: [-1, 0] };
    if (e.key === 'Escape') this.chart.dispatchAction({ type: 'hideTip' });
    if (!steps[e.key]) return;
    e.preventDefault();
    this.walk(...steps[e.key]);
  }
  walk(lines, values) {
    let [line, value] = this.at;
    if (line < 0) return;
    for (let n = lines ? this.series.length : 0; n > 0; n--) {
      line = (line + lines + this.series.length) % this.series.length;
      if (this.series[line].length) break;
    }
    const length = this.series[line].length;
    value = lines ? 0 : (value + values + length) % length;
    this.at = [line, value];
    this.chart.dispatchAction({ type: 'showTip', seriesIndex: line, dataIndex: value });
    const said = this.series[line][value].tip;
    document.getElementById('spoken').textContent = said ? [said.head, ...said.rows.map((r) => r.join(' '))].join('; ') : '';
  }
}

let controls, all, onPaper = false;
const view = () => ({
  classes: new Set([...controls.querySelectorAll('[name=class]:checked')].map((box) => Number(box.value))),
  services: Number(controls.elements.services?.value ?? data.services[0]), log: controls.elements.log.checked,
  narrow: document.documentElement.clientWidth < 640, tall: onPaper ? 230 : 330,
});
const show = () => all.forEach((chart) => chart.show(view()));
// start draws what is in the page now; prepare may set its controls before.
function start(prepare = () => {}) {
  data = read();
  controls = document.getElementById('controls');
  all = [...document.querySelectorAll('.chart')].map((element) => new Chart(element));
  document.querySelectorAll('[data-series]').forEach((e) => { e.style.background = series(Number(e.dataset.series)); });
  document.querySelectorAll('[data-phase]').forEach((e) => { e.style.background = phaseColor(Number(e.dataset.phase)); });
  prepare();
  if (!controls) return;
  controls.addEventListener('change', show);
  controls.addEventListener('submit', (e) => e.preventDefault());
  show();
}
start();
let width = document.documentElement.clientWidth;
addEventListener('resize', () => {
  if (document.documentElement.clientWidth === width) return;
  width = document.documentElement.clientWidth;
  resize('auto');
});

// On paper the charts have its width and the tables are open.
const paper = 700;
const resize = (width) => { all.forEach((chart) => chart.chart.resize({ width })); if (controls) show(); };
const tables = () => document.querySelectorAll('main details');
addEventListener('beforeprint', () => { tables().forEach((d) => { d.dataset.was = d.open; d.open = true; }); onPaper = true; resize(paper); });
addEventListener('afterprint', () => { tables().forEach((d) => { d.open = d.dataset.was === 'true'; }); onPaper = false; resize('auto'); });
