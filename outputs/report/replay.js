// The page of a replayed trajectory, drawn from its data.
// SPDX-License-Identifier: Apache-2.0
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9'];  // Okabe and Ito, 2008
const DASHES = ['solid', [7, 4], [2, 3], [8, 3, 2, 3], [12, 4], [1, 4]];
const UNUSUAL_SHOWN = 12, TALL = 20;  // rows
const CHART = 250, TOP = 12, BOTTOM = 28, PLOT = CHART - TOP - BOTTOM;  // px
const MAGNITUDES = 20;  // greatest over least from which on a scale is logarithmic
const byId = (id) => document.getElementById(id);
const charts = [];

function element(tag, attributes, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...content);
  return made;
}

// Every policy has a pair of its own.
const styleOf = (policy) => ({color: COLOURS[policy % COLOURS.length], dash: DASHES[(policy + Math.floor(policy / COLOURS.length)) % DASHES.length]});
const policyName = (policy) => policy.title || policy.name;
const lettersOf = (policies) => policies.map((p) => data.policies[p].letter).join(', ');

function table(caption, header, rows, numeric) {
  const cell = (tag, text, column) => element(tag, numeric.includes(column) ? {class: 'number'} : column === 0 ? {style: 'white-space: nowrap'} : {}, text);
  const attributes = {class: rows.length > TALL ? 'scroll tall' : 'scroll', tabindex: 0, role: 'region', 'aria-label': caption};
  return element('div', attributes, element('table', {}, element('caption', {class: 'quiet'}, caption),
    element('thead', {}, element('tr', {}, ...header.map((text, i) => cell('th', text, i)))),
    element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map((text, i) => cell('td', text, i)))))));
}

// Four digits, as many decimals as the largest value leaves; what spans magnitudes has digits of its own.
function writer(series, ownDigits) {
  const decimals = (x) => (x === 0 ? 0 : Math.min(9, Math.max(0, 3 - Math.floor(Math.log10(Math.abs(x))))));
  const largest = Math.max(...series.flat().filter((x) => x !== null).map(Math.abs), 0);
  return (x) => (x === null ? '—' : x.toFixed(decimals(ownDigits ? x : largest)));
}

// ---- charts

function theme() {
  const style = getComputedStyle(document.documentElement), of = (name) => style.getPropertyValue(name).trim();
  return {ink: of('--ink'), quiet: of('--quiet'), line: of('--line'), paper: of('--paper')};
}

// A chart that `option(width, theme)` draws again whenever the room or the colours change.
function addChart(parent, label, height, option) {
  const box = element('div', {role: 'img', 'aria-label': label, style: `height: ${height}px`});
  parent.append(box);
  const chart = echarts.init(box, null, {renderer: 'svg'});
  const draw = () => {
    chart.resize();
    chart.setOption({animation: false, ...option(box.clientWidth, theme())}, true);
  };
  charts.push({box, chart, draw});
  draw();
  return chart;
}

function drawAll() {
  for (const {draw} of charts) draw();
}

const january = (index) => data.months[index].endsWith('-01');

function monthAxis(width, colours) {
  const years = data.months.length / 12, every = Math.max(1, Math.ceil(years * 46 / Math.max(width - 80, 1)));
  const first = data.months.findIndex((_, i) => january(i));
  const shown = (index) => january(index) && ((index - first) / 12) % every === 0;
  return {type: 'category', data: data.months, axisLine: {lineStyle: {color: colours.quiet}}, axisTick: {interval: (i) => january(i)},
    axisLabel: {color: colours.ink, interval: (i) => shown(i), formatter: (month) => month.slice(0, 4), showMaxLabel: false}, splitLine: {show: false}};
}

const toldIn = (month, policy) => data.happenings.filter((h) => h.month === month && (policy === undefined || h.policies.includes(policy)));

function tooltip(colours, lines) {
  return {trigger: 'axis', confine: true, backgroundColor: colours.paper, borderColor: colours.line, textStyle: {color: colours.ink, fontSize: 13},
    formatter(hits) {
      const month = data.months[hits[0].dataIndex], box = element('div', {style: 'max-width: 22rem; white-space: normal'}, element('strong', {}, month));
      for (const text of lines(hits[0].dataIndex)) box.append(element('div', {}, text));
      for (const h of toldIn(month)) box.append(element('div', {}, `${h.policies.length < data.policies.length ? `${lettersOf(h.policies)}: ` : ''}${h.text}`));
      return box;
    }};
}

// Months in which an event first happens under a policy.
function firsts(policy) {
  const found = new Map();
  for (const [event, month] of Object.entries(data.policies[policy].events))
    if (month !== null) found.set(month, [...(found.get(month) || []), event]);
  return found;
}

// Round ends of an axis: powers of ten, or about five steps of 1, 2 or 5.
function axisEnds(numbers, logarithmic) {
  const low = Math.min(...numbers), high = Math.max(...numbers);
  if (!Number.isFinite(low)) return {min: 0, max: 1};
  if (logarithmic) return {min: 10 ** Math.floor(Math.log10(low)), max: 10 ** Math.ceil(Math.log10(high))};
  const rough = (high - low || Math.abs(high) || 1) / 5, magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = magnitude * [1, 2, 5, 10].find((x) => x * magnitude >= rough * 0.999);
  return {min: Math.floor(low / step) * step, max: (Math.ceil(high / step) || 1) * step, interval: step};
}

// How far texts at these heights must move so that none is closer to another than `gap` pixels.
function spreadApart(heights, gap) {
  const order = [...heights.keys()].sort((a, b) => heights[a] - heights[b]), moved = [];
  for (const i of order) moved[i] = Math.max(heights[i], ...order.slice(0, order.indexOf(i)).map((j) => moved[j] + gap));
  const excess = Math.max(0, Math.max(...moved) - PLOT);
  return heights.map((height, i) => moved[i] - height - excess);
}

// What a chart shows: a metric or a lever, by its group and row.
const seriesOf = (group, key) => data.policies.map((policy) => policy[group][key]);

function addFigure(parent, group, row) {
  const values = seriesOf(group, row.key), unit = row.unit && row.unit !== '1' ? ` (${row.unit})` : '';
  const numbers = values.flat().filter((x) => x !== null), logarithmic = row.scale === 'log' && Math.min(...numbers) > 0 && Math.max(...numbers) > MAGNITUDES * Math.min(...numbers);
  const write = writer(values, logarithmic), lines = (i) => data.policies.map((policy, p) => `${policy.letter}  ${policyName(policy)}: ${write(values[p][i])}`);
  const figure = element('figure', {style: 'margin: 1rem 0 1.5rem'},
    element('figcaption', {}, element('strong', {}, row.key), ` ${row.meaning}${unit}${logarithmic ? ', logarithmic scale' : ''}`));
  parent.append(figure);
  const ends = values.map((of) => write(of.at(-1))), axis = axisEnds(numbers, logarithmic), place = (x) => (logarithmic ? Math.log(x) : x);
  const shifts = spreadApart(values.map((of) => PLOT * (place(axis.max) - place(of.at(-1) ?? axis.min)) / (place(axis.max) - place(axis.min))), 14);
  addChart(figure, `${row.key}${unit} over time; at the end ${data.policies.map((p, i) => `${ends[i]} under ${policyName(p)}`).join(', ')}`, CHART, (width, colours) => ({
    grid: {left: 56, right: 84, top: TOP, bottom: BOTTOM}, xAxis: monthAxis(width, colours), tooltip: tooltip(colours, lines),
    yAxis: {type: logarithmic ? 'log' : 'value', ...axis, axisLabel: {color: colours.ink}, splitLine: {lineStyle: {color: colours.line}}},
    series: data.policies.flatMap((policy, p) => {
      const {color, dash} = styleOf(p), marks = firsts(p);
      return [
        {type: 'line', name: policy.letter, data: values[p], showSymbol: false, step: group === 'levers' ? 'middle' : false, itemStyle: {color},
          lineStyle: {color, type: dash, width: 2}, emphasis: {disabled: true},
          endLabel: {show: true, color: colours.ink, fontSize: 12, offset: [0, shifts[p]], formatter: () => `${policy.letter}  ${ends[p]}`}},
        {type: 'scatter', name: policy.letter, symbol: 'diamond', symbolSize: 9, silent: true, itemStyle: {color, borderColor: colours.paper, borderWidth: 1, opacity: 1},
          data: data.months.map((month, i) => (marks.has(month) ? values[p][i] : null))},
      ];
    }),
  }));
  const rows = data.months.map((month, i) => [month, ...values.map((of) => write(of[i])), toldIn(month).map((h) => h.text).join('; ')]);
  figure.append(element('details', {}, element('summary', {}, 'Table'),
    table(`${row.key}${unit} at the end of each month`, ['Month', ...data.policies.map((p) => `${p.letter}: ${p.name}`), 'What happened'], rows,
      data.policies.map((_, p) => p + 1))));
}

// ---- what was in force

const sentenceCase = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// Stretches of months in which a series is on: [first, last].
function stretches(on) {
  const found = [];
  on.forEach((x, i) => {
    if (!x) return;
    if (i > 0 && on[i - 1]) found.at(-1)[1] = i;
    else found.push([i, i]);
  });
  return found;
}

function regimeRows() {
  const rows = [];
  const add = (label, series) => {
    if (series.length > 1 && series.every((on) => on.every((x, i) => x === series[0][i]))) rows.push({label, policy: null, stretches: stretches(series[0])});
    else series.forEach((on, p) => rows.push({label, policy: p, stretches: stretches(on)}));
  };
  for (const row of data.history) {
    const series = seriesOf('history', row.key);
    if (row.kind === 'lasting' && series.some((on) => on.some(Boolean))) add(row.key.replaceAll('_', ' '), series);
  }
  data.policies.forEach((policy, p) => {
    for (const [trigger, on] of Object.entries(policy.triggers)) rows.push({label: trigger.replace('_', ' '), policy: p, stretches: stretches(on)});
  });
  return rows;
}

function addRegimes(parent) {
  const rows = regimeRows();
  if (rows.length === 0) return;
  const names = rows.map(({label, policy}) => `${label}  ${policy === null ? 'all' : data.policies[policy].letter}`);
  addChart(parent, 'Which regimes were in force when; the table of what happened says the same', 40 + 17 * rows.length, (width, colours) => ({
    grid: {left: Math.min(170, width * 0.42), right: 12, top: 4, bottom: 28}, xAxis: {...monthAxis(width, colours), axisTick: {show: false}},
    yAxis: {type: 'category', data: names, inverse: true, axisTick: {show: false}, axisLine: {show: false}, axisLabel: {color: colours.ink, fontSize: 12, interval: 0}},
    tooltip: {confine: true, backgroundColor: colours.paper, borderColor: colours.line, textStyle: {color: colours.ink},
      formatter: ({value}) => element('span', {}, `${names[value[0]]}: ${data.months[value[1]]} to ${data.months[value[2]]}`)},
    series: [{type: 'custom', encode: {x: [1, 2], y: 0}, data: rows.flatMap((row, y) => row.stretches.map(([first, last]) => [y, first, last])),
      renderItem(_, api) {
        const {policy} = rows[api.value(0)], color = policy === null ? colours.quiet : styleOf(policy).color, month = api.size([1, 0])[0], height = 11;
        const [x, y] = api.coord([api.value(1), api.value(0)]), months = api.value(2) - api.value(1) + 1;
        return {type: 'rect', shape: {x: x - month / 2, y: y - height / 2, width: Math.max(2, month * months), height}, style: {fill: color}};
      }}],
  }));
}

// A row for each month, with what is so under all policies apart.
function showStory() {
  const several = data.policies.length > 1, isShock = (h) => / sd$/.test(h.text), shown = data.happenings.filter((h) => byId('shocks').checked || !isShock(h));
  const join = (found) => found.map((h) => sentenceCase(h.text)).join('. ');
  const rows = data.months.map((month) => {
    const told = shown.filter((h) => h.month === month), isOfAll = (h) => h.policies.length === data.policies.length;
    const own = (p) => join(told.filter((h) => !isOfAll(h) && h.policies.includes(p)));
    return [month, join(told.filter(isOfAll)), ...(several ? data.policies.map((_, p) => own(p)) : [])];
  }).filter((row) => row.slice(1).some(Boolean));
  const header = ['Month', ...(several ? ['Under all', ...data.policies.map((p) => `Only under ${p.letter}`)] : ['What happened'])];
  byId('story').replaceChildren(table('Months of which there is something to tell', header, rows, []));
}

// ---- the page

function addPolicies() {
  data.policies.forEach((policy, p) => {
    const {color, dash} = styleOf(p), svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('width', 34);
    svg.setAttribute('height', 10);
    svg.setAttribute('aria-hidden', 'true');
    const line = document.createElementNS(svg.namespaceURI, 'line');
    for (const [name, value] of Object.entries({x1: 0, x2: 30, y1: 5, y2: 5, stroke: color, 'stroke-width': 3, ...(Array.isArray(dash) ? {'stroke-dasharray': dash.join(' ')} : {})}))
      line.setAttribute(name, value);
    svg.append(line);
    byId('policies').append(element('li', {}, svg, element('strong', {}, policy.letter), `  ${policyName(policy)}`,
      element('span', {class: 'quiet'}, policy.title ? `  ${policy.name}` : '')));
  });
}

function addParameters() {
  const level = (x) => (x === null ? 'constant' : x < 0.0005 ? '<0.1 %' : x > 0.9995 ? '>99.9 %' : `${(100 * x).toFixed(1)} %`);
  const rows = data.parameters.map((p) => [p.key, p.value === null ? '—' : Number(p.value.toPrecision(4)).toString(), p.unit === '1' ? '' : p.unit, level(p.level), p.meaning, p.prior]);
  const header = ['Parameter', 'Value', 'Unit', 'Below it', 'Meaning', 'Prior'], numeric = [1, 3];
  byId('parameters').append(table('The most unusual', header, rows.slice(0, UNUSUAL_SHOWN), numeric));
  if (rows.length > UNUSUAL_SHOWN)
    byId('parameters').append(element('details', {}, element('summary', {}, `All ${rows.length} parameters`), table('All parameters', header, rows, numeric)));
}

function addOther() {
  const select = byId('other'), parent = byId('another'), groups = {metrics: 'Metrics', levers: 'Levers in force'};
  for (const [group, label] of Object.entries(groups))
    select.append(element('optgroup', {label}, ...data[group].filter(({key}) => group === 'levers' || !data.shown.includes(key))
      .map(({key}) => element('option', {value: `${group} ${key}`}, key))));
  const show = () => {
    for (const {chart} of charts.filter(({box}) => parent.contains(box))) chart.dispose();
    charts.splice(0, charts.length, ...charts.filter(({box}) => !parent.contains(box)));
    parent.replaceChildren();
    const [group, key] = select.value.split(' ');
    if (key) addFigure(parent, group, data[group].find((row) => row.key === key));
  };
  select.addEventListener('change', show);
  show();
}

addPolicies();
addRegimes(byId('regimes'));
showStory();
for (const key of data.shown) addFigure(byId('charts'), 'metrics', data.metrics.find((row) => row.key === key));
addOther();
addParameters();
byId('shocks').addEventListener('change', showStory);
addEventListener('resize', drawAll);
addEventListener('beforeprint', drawAll);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
document.documentElement.dataset.drawn = charts.length;
