'use strict';
// What each chart draws. A chart is a function from what is to be seen, `view`,
// to an option of Apache ECharts. Numbers come from the run file by way of the
// program; names in them are untrusted and are only ever set as text.
//
// Colours are the page's custom properties, so that a chart follows the page
// into dark mode and onto paper without being drawn again.
const read = () => JSON.parse(document.getElementById('data').textContent);
let data = read();
const second = 1e9;
const symbols = ['circle', 'rect', 'diamond', 'triangle', 'roundRect', 'pin', 'arrow', 'circle'];
const series = (i) => `var(--series-${i % 8})`;
const phase = (i) => `var(--phase-${i % 8})`;
// phaseColor is ink for the end of the answer, which is drawn as a line.
const phaseColor = (i) => (data.phases[i] === 'done' ? ink : phase(i));
const phaseText = (i) => (i % 8 < 2 ? '#fff' : '#10141a');
const ink = 'var(--ink)', soft = 'var(--soft)', grid = 'var(--grid)', card = 'var(--card)';
const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const timedOut = 'path://M0,0 L10,5 L0,10 Z';

// hollow is the mark of a sample that timed out. It points to where its latency lies.
const hollow = (color, turn = 0) => ({ symbol: timedOut, symbolSize: 10, symbolRotate: turn, itemStyle: { color: card, borderColor: color, borderWidth: 1.5, opacity: 1 } });

// format prints a latency with three digits in one unit, as the tables do.
function format(ns) {
  if (ns < 0) return '−' + format(-ns);
  for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['µs', 1e3]]) {
    const v = ns / size;
    if (v >= 0.9995) return v.toFixed(v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2) + unit;
  }
  return ns === 0 ? '0s' : ns + 'ns';
}
const percent = (share) => +(100 * share).toFixed(3) + ' %';
const over = (p) => (p.over ? '>' : '') + format(p.latencyNs);
const seconds = (v) => String(+v.toPrecision(6));

// cellsOf are the cells to be seen, of the chosen number of services or of all.
const cellsOf = (view, all) => data.cells.filter((c) => view.classes.has(c.class) && (all || c.services === view.services));
const nameOf = (cell) => data.runtimeClasses[cell.class];

// tip is what is shown of a value when it is pointed at: a heading and rows.
const tip = (head, ...rows) => ({ head, rows });

const text = { color: soft, fontFamily: font, fontSize: 12 };
// highest is where a latency beyond all answered ones is drawn on an even scale: one
// timeout must not squeeze all other points. What stands there says what it is.
function highest(view) {
  if (view.log) return Infinity;
  const cells = cellsOf(view, true);
  const answered = Math.max(0, ...cells.map((c) => c.ranked.at(-1)?.latencyNs ?? 0));
  const beyond = Math.max(0, ...cells.flatMap((c) => [c.censored?.limitNs ?? 0, ...c.samples.filter((s) => s.kind > 0).map((s) => s.latencyNs)]));
  return answered > 0 && beyond > 3 * answered ? 1.2 * answered : Infinity;
}
const place = (view, ns) => Math.min(ns, highest(view)) / second;

const axis = (more) => ({
  nameLocation: 'middle', nameGap: 30, nameTextStyle: text, axisLabel: { ...text, hideOverlap: true, ...more.label },
  axisLine: { onZero: false, lineStyle: { color: 'var(--line)' } }, axisTick: { lineStyle: { color: 'var(--line)' } },
  splitLine: { lineStyle: { color: grid } }, minorSplitLine: { show: false }, ...more, label: undefined,
});
const latencyAxis = (view, more) => axis({
  type: view.log ? 'log' : 'value', name: 'response latency, s', label: { formatter: seconds }, ...more, ...logRange(view),
});
// logRange gives a logarithmic axis round ends and ticks, rather than decades.
const round = [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3].flatMap((e) => [1, 2, 5].map((m) => Number(`${m}e${e}`)));
function logRange(view) {
  if (!view.log) return {};
  return { min: (v) => round.findLast((r) => r <= v.min) ?? v.min, max: (v) => round.find((r) => r >= v.max) ?? v.max,
    axisTick: { customValues: round, lineStyle: { color: 'var(--line)' } }, axisLabel: { ...text, hideOverlap: true, customValues: round, formatter: seconds } };
}
const rows = (view, labels) => axis({
  type: 'value', inverse: true, min: -0.5, max: labels.length - 0.5, splitLine: { show: false }, axisTick: { show: false },
  label: { color: ink, fontSize: 13, customValues: labels.map((_, i) => i), formatter: (i) => labels[i] ?? '', width: view.narrow ? 72 : 136, overflow: 'truncate' },
});
const frame = (more) => ({ left: 64, right: 28, top: 16, bottom: 48, ...more });
const rowFrame = (view) => ({ left: view.narrow ? 84 : 150, right: 36, top: 8, bottom: 48 });
const still = { emphasis: { disabled: true }, animation: false };

// interval is a custom series of lines from low to high with caps, across or along.
const interval = (items, color, upright) => ({
  type: 'custom', silent: true, z: 4, data: items, encode: upright ? { x: 0, y: [1, 2] } : { y: 0, x: [1, 2] }, ...still,
  renderItem: (_, api) => {
    const at = (v) => api.coord(upright ? [api.value(0), v] : [v, api.value(0)]);
    const [[x1, y1], [x2, y2]] = [at(api.value(1)), at(api.value(2))];
    const cap = (x, y) => ({ type: 'line', shape: upright ? { x1: x - 5, x2: x + 5, y1: y, y2: y } : { x1: x, x2: x, y1: y - 5, y2: y + 5 }, style: { stroke: color, lineWidth: 2 } });
    return { type: 'group', children: [{ type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke: color, lineWidth: 2 } }, cap(x1, y1), cap(x2, y2)] };
  },
});

const draw = {};

draw.latency = (view) => {
  const cells = cellsOf(view);
  return { height: 64 + 74 * cells.length, grid: rowFrame(view), xAxis: latencyAxis(view, { scale: true }), yAxis: rows(view, cells.map(nameOf)),
    series: cells.flatMap((cell, row) => latencyRow(view, cell, row)) };
};
function latencyRow(view, cell, row) {
  const most = highest(view);
  const color = series(cell.class), name = nameOf(cell);
  const measured = cell.samples.filter((s) => s.kind < 2);
  const point = (s, i) => ({
    value: [Math.min(s.latencyNs, most) / second, row - 0.05 + ((i * 0.618034) % 1 - 0.5) * 0.5],
    ...(s.kind === 1 ? hollow(color) : {}),
    tip: tip(name, [s.service, (s.kind === 1 ? '>' : '') + format(s.latencyNs)], ['sent at', format(s.atNs)]),
  });
  const size = (measured.length > 300 ? 5 : 8) + (symbols[cell.class % 8] === 'diamond' ? 2 : 0);
  const list = [{ name, type: 'scatter', symbol: symbols[cell.class % 8], symbolSize: size, itemStyle: { color, opacity: measured.length > 300 ? 0.4 : 0.65 }, data: measured.map(point), z: 3, ...still }];
  return list.concat(quantileMarks(view, cell, row, color, name));
}
// quantileMarks are the median with its interval and the p95, below the points.
function quantileMarks(view, cell, row, color, name) {
  const list = [], at = row + 0.36;
  for (const [label, p, size] of [['p50', cell.p50, 11], ['p95', cell.p95, 9]]) {
    if (!p) continue;
    const known = p.lowNs !== undefined && p.highNs !== undefined;
    if (label === 'p50' && known) list.push(interval([[at, p.lowNs / second, p.highNs / second]], color));
    const mark = { symbol: p.over ? timedOut : label === 'p50' ? 'diamond' : 'rect', symbolSize: label === 'p50' || p.over ? size : [3, 14] };
    list.push({ name, type: 'scatter', ...mark, itemStyle: { color: p.over ? card : color, borderColor: p.over ? color : card, borderWidth: 1 }, z: 5, ...still,
      data: [{ value: [place(view, p.latencyNs), at], tip: tip(name, [label, over(p)], ...(known ? [['95 % interval', format(p.lowNs) + ' … ' + format(p.highNs)]] : [])) }] });
  }
  return list;
}

draw.cumulative = (view) => ({
  height: view.tall, grid: frame(), xAxis: latencyAxis(view, { scale: true }),
  yAxis: axis({ type: 'value', min: 0, max: 1, name: 'answered', nameGap: 46, label: { formatter: percent } }),
  series: cellsOf(view).flatMap((cell) => curve(cell, cell.ranked.flatMap((r, i) => [...(i ? [] : [[r.latencyNs / second, 0]]), [r.latencyNs / second, r.upTo, r]]),
    (r) => tip(nameOf(cell), [percent(r.upTo) + ' within', format(r.latencyNs)]),
    (c) => [place(view, c.limitNs), c.share])),
});

// decade is where a share lies on the scale of an HDR histogram.
const decade = (share) => -Math.log10(1 - share);
draw.percentiles = (view) => ({
  height: view.tall, grid: frame(), yAxis: latencyAxis(view, { min: 0, nameGap: 46 }),
  xAxis: axis({ type: 'value', min: 0, max: (v) => Math.max(1, v.max), name: 'percentile', interval: 1, label: { customValues: [0, decade(0.5), 1, 2, 3, 4, 5, 6], formatter: (v) => percent(1 - 10 ** -v) } }),
  series: cellsOf(view).flatMap((cell) => curve(cell, cell.ranked.map((r) => [decade(r.below), r.latencyNs / second, r]),
    (r) => tip(nameOf(cell), ['from ' + percent(r.below) + ' to ' + percent(r.upTo), format(r.latencyNs)]),
    (c) => [decade(c.share), place(view, c.limitNs)], 90)),
});

// curve is a line of steps through order statistics. Where samples timed out, it ends
// at their limit.
function curve(cell, vertices, say, end, turn = 0) {
  const color = series(cell.class), name = nameOf(cell), few = vertices.length <= 60;
  const points = vertices.map(([x, y, r]) => (r ? { value: [x, y], tip: say(r) } : { value: [x, y], symbol: 'none' }));
  const list = [{ name, type: 'line', step: 'end', data: points, showSymbol: few, symbol: symbols[cell.class % 8], symbolSize: 6, itemStyle: { color }, lineStyle: { color, width: 2 }, z: 3, ...still }];
  if (!cell.censored) return list;
  const [x, y] = end(cell.censored), from = points.length ? [points.at(-1).value] : [];
  const lost = { value: [x, y], ...hollow(color, turn), symbolSize: 12,
    tip: tip(name, [cell.censored.count + ' of ' + cell.measured + ' timed out', '>' + format(cell.censored.limitNs)]) };
  list.push({ name, type: 'line', step: 'end', data: [...from.map((value) => ({ value, symbol: 'none' })), lost], showSymbol: true, lineStyle: { color, width: 2, type: 'dashed' }, z: 4, ...still });
  return list;
}

draw.phases = (view) => {
  const cells = cellsOf(view).filter((c) => c.phases.length);
  const bars = cells.flatMap((cell, row) => cell.phases.map((p) => ({
    value: [p.fromNs / second, p.toNs / second, row, p.phase],
    tip: tip(nameOf(cell) + ': ' + data.phases[p.phase], ['since the request', format(p.toNs)], ['this step, median', format(p.stepNs) + (p.stepSamples === p.samples ? '' : `, of ${p.stepSamples}`)],
      ['resolution', format(p.resolutionNs)], ['clock', p.clock], ['cold starts', String(p.samples)]),
  })));
  return { height: 60 + 64 * cells.length, grid: rowFrame(view), yAxis: rows(view, cells.map(nameOf)),
    xAxis: axis({ type: 'value', name: 'since the request, s', label: { formatter: seconds } }),
    series: [{ type: 'custom', renderItem: phaseBar, data: bars, encode: { x: [0, 1], y: 2 }, ...still }] };
};
// phaseBar is a block as long as its step that ends where its phase was reached. A step
// that runs backwards is an outline below.
function phaseBar(_, api) {
  const [from, to] = [api.value(0), api.value(1)], color = phase(api.value(3)), back = to < from;
  const [x1, y] = api.coord([Math.min(from, to), api.value(2)]), [x2] = api.coord([Math.max(from, to), api.value(2)]);
  const width = Math.max(x2 - x1, 1.5);
  if (data.phases[api.value(3)] === 'done') {
    const [x] = api.coord([to, 0]);
    return { type: 'line', shape: { x1: x, x2: x, y1: y - 22, y2: y + 22 }, style: { stroke: ink, lineWidth: 2 } };
  }
  if (back) return { type: 'rect', shape: { x: x1, y: y + 17, width, height: 8 }, style: { fill: 'transparent', stroke: color, lineDash: [4, 3], lineWidth: 1.5 } };
  const block = { type: 'rect', shape: { x: x1, y: y - 15, width, height: 30 }, style: { fill: color, stroke: card, lineWidth: width > 4 ? 1 : 0 } };
  if (width < 52) return block;
  const label = { type: 'text', silent: true, style: { x: x1 + width / 2, y, text: format((to - from) * second), fill: phaseText(api.value(3)), align: 'center', verticalAlign: 'middle', font: '12px ' + font } };
  return { type: 'group', children: [block, label] };
}

draw.order = (view) => ({
  height: view.tall, grid: frame(), yAxis: latencyAxis(view, { min: 0, nameGap: 46 }),
  xAxis: axis({ type: 'value', name: "sent, s since its run's start", scale: true, label: { formatter: seconds } }),
  series: cellsOf(view).map((cell) => {
    const color = series(cell.class), name = nameOf(cell);
    const looks = [{}, hollow(color, 90), { itemStyle: { color: soft, opacity: 0.5 } }], most = highest(view);
    return { name, type: 'scatter', symbol: symbols[cell.class % 8], symbolSize: cell.samples.length > 300 ? 5 : 7, itemStyle: { color, opacity: 0.8 }, ...still,
      data: cell.samples.map((s) => ({ value: [s.atNs / second, Math.min(s.latencyNs, most) / second], ...looks[s.kind],
        tip: tip(name, [s.service, (s.kind === 1 ? '>' : '') + format(s.latencyNs)], ['outcome', s.outcome], ['sent at', format(s.atNs)]) })) };
  }),
});

// againstServices is a line per class over the numbers of services.
const againstServices = (view, yAxis, lines) => ({
  height: view.tall, grid: frame(), yAxis,
  xAxis: axis({ type: 'log', name: 'services fired together', min: data.services[0], max: data.services.at(-1), minorTick: { show: false }, splitLine: { show: false },
    axisTick: { customValues: data.services }, label: { customValues: data.services, formatter: String } }),
  series: [...view.classes].flatMap((c) => lines(cellsOf(view, true).filter((cell) => cell.class === c), c)),
});
const through = (c, style, points) => ({ name: data.runtimeClasses[c], type: 'line', data: points, symbol: symbols[c % 8], symbolSize: 8,
  itemStyle: { color: series(c) }, lineStyle: { color: series(c), width: 2, ...style }, z: 3, ...still });

draw.scaleLatency = (view) => againstServices(view, latencyAxis(view, { min: 0, nameGap: 46 }), (cells, c) => {
  const line = (key, label, style) => through(c, style, cells.filter((cell) => cell[key]).map((cell) => ({
    value: [cell.services, place(view, cell[key].latencyNs)], ...(cell[key].over ? hollow(series(c), 90) : {}),
    tip: tip(`${nameOf(cell)}, ${cell.services} services`, [label, over(cell[key])], ['measured', String(cell.measured)]),
  })));
  const known = cells.filter((cell) => cell.p50 && cell.p50.lowNs !== undefined && cell.p50.highNs !== undefined);
  return [line('p50', 'p50', {}), line('p95', 'p95', { type: 'dashed', width: 1.5 }),
    interval(known.map((cell) => [cell.services, cell.p50.lowNs / second, cell.p50.highNs / second]), series(c), true)];
});

draw.scaleAnswered = (view) => againstServices(view, axis({ type: 'value', min: 0, max: 1, name: 'answered', nameGap: 46, label: { formatter: percent } }), (cells, c) => [
  through(c, {}, cells.map((cell) => ({ value: [cell.services, cell.counts.share],
    tip: tip(`${nameOf(cell)}, ${cell.services} services`, ['answered', `${cell.counts.ok} of ${cell.counts.samples}`], ['share', percent(cell.counts.share)]) }))),
]);

const looksOf = { alive: { type: 'dashed', width: 1.5 }, ready: { type: 'solid', width: 2 }, answering: { type: [2, 5], width: 3 } };
draw.instances = (view) => ({
  height: view.tall, grid: frame(), yAxis: axis({ type: 'value', min: 0, minInterval: 1, name: 'instances', nameGap: 46 }),
  xAxis: axis({ type: 'value', name: "s since the run's start", label: { formatter: seconds } }),
  series: data.instances.lines.filter((l) => view.classes.has(l.class)).flatMap((l) => Object.entries(looksOf).map(([key, look], z) => ({
    name: data.runtimeClasses[l.class], type: 'line', step: 'end', showSymbol: false, z: 2 + z, ...still,
    itemStyle: { color: series(l.class) }, lineStyle: { color: series(l.class), ...look },
    data: l.changes.map((c) => ({ value: [c.atNs / second, c[key]],
      tip: tip(data.runtimeClasses[l.class], ['at', format(c.atNs)], ['instances', String(c.alive)], ['Ready', String(c.ready)], ['answering', String(c.answering)]) })),
  }))),
});

// bySecond is a chart of loads with the same scale of time as the others.
const bySecond = (view, yAxis, lines) => ({
  height: view.tall, grid: frame(), yAxis, series: data.loads.filter((l) => view.classes.has(l.class)).flatMap(lines),
  xAxis: axis({ type: 'value', min: 0, max: Math.max(1, ...data.loads.flatMap((l) => l.seconds.map((s) => s.second + 1))), name: 's since the load began', label: { formatter: seconds } }),
});
const secondTip = (l, s) => tip(data.runtimeClasses[l.class], ['second', String(s.second)], ['due, failed', `${s.due}, ${s.failed}`], ['p50', format(s.p50Ns)],
  ['p99', s.lost ? 'a failure' : format(s.p99Ns)], ['wanted, Ready, answering', `${s.wanted}, ${s.ready}, ${s.answering}`]);
const ofLoad = (l, look, values, more) => ({ name: data.runtimeClasses[l.class], type: 'line', showSymbol: false, symbol: symbols[l.class % 8], symbolSize: 6, z: 3, ...still,
  itemStyle: { color: series(l.class) }, lineStyle: { color: series(l.class), ...look }, data: values, ...more });

draw.loadLatency = (view) => {
  const due = (l) => l.seconds.filter((s) => s.due > 0);
  const option = bySecond(view, latencyAxis(view, { min: 0, nameGap: 46 }), (l) => [
    ofLoad(l, looksOf.answering, due(l).map((s) => ({ value: [s.second + 0.5, s.p50Ns / second], tip: secondTip(l, s) }))),
    ofLoad(l, looksOf.ready, due(l).map((s) => ({ value: [s.second + 0.5, s.p99Ns / second], tip: secondTip(l, s) }))),
    { name: data.runtimeClasses[l.class], type: 'scatter', z: 5, ...still, ...hollow(series(l.class), 90), data: due(l).filter((s) => s.lost).map((s) => ({ value: [s.second + 0.5, s.p99Ns / second], tip: secondTip(l, s) })) },
  ]);
  const limit = { type: 'line', silent: true, symbol: 'none', data: [[0, data.recoveredLimitNs / second], [option.xAxis.max, data.recoveredLimitNs / second]], lineStyle: { color: ink, type: 'dashed', width: 1 }, z: 2, ...still };
  return { ...option, series: [...option.series, limit] };
};

draw.loadInstances = (view) => bySecond(view, axis({ type: 'value', min: 0, minInterval: 1, name: 'instances', nameGap: 46 }), (l) =>
  [['wanted', looksOf.alive], ['ready', looksOf.ready], ['answering', looksOf.answering]].map(([key, look]) =>
    ofLoad(l, look, l.seconds.map((s) => ({ value: [s.second + 1, s[key]], tip: secondTip(l, s) })), { step: 'end' })));

// workMemory has the memory of the node and of the instance in the course of one turn.
draw.workMemory = (view) => ({
  height: view.tall, grid: frame({ left: 76 }), yAxis: axis({ type: 'value', min: 0, name: 'memory, MiB', nameGap: 54, label: { formatter: seconds } }),
  xAxis: axis({ type: 'value', min: 0, name: 's since the first program was asked for', label: { formatter: seconds } }),
  series: data.works.filter((w) => view.classes.has(w.class)).flatMap(workLines),
});
function workLines(w) {
  const color = series(w.class), name = data.runtimeClasses[w.class];
  const say = (p) => tip(name, ['after', format(p.afterNs)], ['during', w.programs.find((r) => r.begunNs <= p.afterNs && p.afterNs <= r.endedNs)?.program ?? '–'],
    ['node, above the least', mebibytes(p.nodeBytes)], ["node's cache", mebibytes(p.nodeCacheBytes)], ...(p.instanceBytes === undefined ? [] : [['instance', mebibytes(p.instanceBytes)]]));
  const line = (key, look) => ({ name, type: 'line', showSymbol: false, symbol: symbols[w.class % 8], symbolSize: 6, z: 3, ...still, itemStyle: { color }, lineStyle: { color, ...look },
    data: w.points.filter((p) => p[key] !== undefined).map((p) => ({ value: [p.afterNs / second, p[key] / mebibyte], tip: say(p) })) });
  const ends = w.programs.map((r) => [r, w.points.findLast((p) => p.afterNs <= r.endedNs)]).filter(([, p]) => p !== undefined);
  return [line('nodeBytes', looksOf.ready), line('instanceBytes', looksOf.answering),
    { name, type: 'scatter', symbol: 'diamond', symbolSize: 8, itemStyle: { color, borderColor: card, borderWidth: 1 }, z: 5, ...still,
      data: ends.map(([r, p]) => ({ value: [p.afterNs / second, p.nodeBytes / mebibyte], tip: tip(name, [r.program, 'ended after ' + format(r.endedNs)]) })) }];
}

draw.answering = (view) => ({
  height: view.tall, grid: frame(), yAxis: axis({ type: 'value', min: 0, minInterval: 1, name: 'instances, services', nameGap: 46 }),
  xAxis: axis({ type: 'value', name: 'since the first request was due, s', label: { formatter: seconds } }),
  series: cellsOf(view).filter((c) => c.availability).flatMap((cell) => [['ready', 'Ready', looksOf.ready], ['answered', 'answered', looksOf.answering]].map(([key, label, look]) => ({
    name: nameOf(cell), type: 'line', step: 'end', showSymbol: false, z: 3, ...still, itemStyle: { color: series(cell.class) }, lineStyle: { color: series(cell.class), ...look },
    data: cell.availability[key].map((p) => ({ value: [p.afterNs / second, p.count], tip: tip(nameOf(cell), [label, seconds(p.count)], ['after', format(p.afterNs)]) })),
  }))),
});

// overTime is how many services of each group had come to each of some steps.
const overTime = (view, since, steps) => ({
  height: view.tall, grid: frame(), yAxis: axis({ type: 'value', min: 0, minInterval: 1, name: 'services', nameGap: 46 }),
  xAxis: axis({ type: 'value', min: 0, name: since, label: { formatter: seconds } }),
  series: data.deployments.filter((d) => view.classes.has(d.class) && d.services === view.services).flatMap((d) => steps.map(([key, label, look]) => ({
    name: data.runtimeClasses[d.class], type: 'line', step: 'end', showSymbol: false, z: 3, ...still, itemStyle: { color: series(d.class) }, lineStyle: { color: series(d.class), ...look },
    data: d[key].map((p) => ({ value: [p.afterNs / second, p.count], tip: tip(data.runtimeClasses[d.class], [label, seconds(p.count)], ['after', format(p.afterNs)],
      ...(d.together > d.services ? [['created together', String(d.together)]] : [])) })),
  }))),
});
draw.deployed = (view) => overTime(view, 'since the first request to create a service, s', [['created', 'created', looksOf.alive], ['ready', 'Ready', looksOf.ready], ['routable', 'routable', looksOf.answering]]);
draw.removed = (view) => overTime(view, 'since the first request to delete a service, s', [['gone', 'gone', looksOf.ready]]);

// milliseconds prints a difference with its sign.
const milliseconds = (ns) => { const ms = Math.round(ns / 1e6); return (ms > 0 ? '+' : ms < 0 ? '−' : '') + Math.abs(ms) + ' ms'; };
draw.gap = (view) => {
  const cells = cellsOf(view).filter((c) => c.availability?.gapsNs.length);
  const zero = { type: 'line', silent: true, symbol: 'none', data: [[0, -0.5], [0, cells.length - 0.5]], lineStyle: { color: ink, width: 1.5 }, z: 2, ...still };
  return { height: 64 + 74 * cells.length, grid: rowFrame(view), yAxis: rows(view, cells.map(nameOf)),
    xAxis: axis({ type: 'value', name: 'answered after Ready, ms', label: { formatter: seconds } }), series: [...cells.flatMap(gapRow), zero] };
};
function gapRow(cell, row) {
  const color = series(cell.class), name = nameOf(cell), { gapsNs, medianNs } = cell.availability, many = gapsNs.length > 300;
  return [{ name, type: 'scatter', symbol: symbols[cell.class % 8], symbolSize: many ? 5 : 8, itemStyle: { color, opacity: many ? 0.4 : 0.65 }, z: 3, ...still,
    data: gapsNs.map((ns, i) => ({ value: [ns / 1e6, row - 0.05 + ((i * 0.618034) % 1 - 0.5) * 0.5], tip: tip(name, ['answered − Ready', milliseconds(ns)]) })) },
  { name, type: 'scatter', symbol: 'diamond', symbolSize: 11, itemStyle: { color, borderColor: card, borderWidth: 1 }, z: 5, ...still,
    data: [{ value: [medianNs / 1e6, row + 0.36], tip: tip(name, ['median', milliseconds(medianNs)]) }] }];
}

const mebibyte = 1 << 20;
const mebibytes = (bytes) => +(bytes / mebibyte).toPrecision(3) + ' MiB';
draw.memory = (view) => ({
  height: view.tall, grid: frame({ left: 76 }), xAxis: axis({ type: 'value', name: 'instances', min: 0, minInterval: 1, label: { formatter: String } }),
  yAxis: axis({ type: 'value', name: 'memory above none, MiB', nameGap: 54, label: { formatter: seconds } }),
  series: data.memory.lines.filter((l) => view.classes.has(l.class)).flatMap(memoryLine),
});
function memoryLine(l) {
  const color = series(l.class), name = data.runtimeClasses[l.class];
  const to = (slope, type, width) => ({ name, type: 'line', silent: true, symbol: 'none', data: [[0, 0], [l.most, l.most * slope / mebibyte]], lineStyle: { color, type, width }, z: 2, ...still });
  const ends = l.lowBytes === undefined ? [] : [to(l.lowBytes, 'dashed', 1), to(l.highBytes, 'dashed', 1)];
  const dot = (p) => ({ value: [p.instances, p.bytes / mebibyte],
    tip: tip(name, [p.instances + ' instances', mebibytes(p.bytes)], ['round', String(p.round)], ['per instance', mebibytes(l.slopeBytes)]) });
  return [{ name, type: 'scatter', symbol: symbols[l.class % 8], symbolSize: l.points.length > 300 ? 5 : 7, itemStyle: { color, opacity: 0.7 }, data: l.points.map(dot), z: 3, ...still },
    to(l.slopeBytes, 'solid', 2), ...ends];
}
