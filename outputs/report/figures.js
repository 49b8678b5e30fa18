// Figures of a page: a caption, a chart that is drawn when it comes into view, its source, and the table behind it.
// Texts of the result get into the page as text content alone. SPDX-License-Identifier: Apache-2.0
'use strict';

// ---- elements

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// A number is not torn from its unit or its thousands.
const unbroken = (text) => text.replace(/(\d) (?=%|\d{3}\b)/g, '$1\u00a0');

const byId = (id) => document.getElementById(id);

// The first cell of each row is its header; `numeric` columns are right-aligned.
function tableElement({caption, header, rows, numeric = []}) {
  const alignment = (i) => (numeric.includes(i) ? {class: 'number'} : {});
  const head = element('tr', {}, ...header.map((text, i) => element('th', {scope: 'col', ...alignment(i)}, text)));
  const body = rows.map(
      (row) =>
          element('tr', {}, ...row.map((text, i) => i === 0 ? element('th', {scope: 'row'}, text) : element('td', alignment(i), text))));
  return element(
      'table', {}, element('caption', {}, element('span', {}, caption)), element('thead', {}, head), element('tbody', {}, ...body));
}

function fillSelect(select, options, chosen) {
  select.replaceChildren(...options.map(({value, text}) => element('option', {value}, text)));
  if (chosen !== undefined) select.value = chosen;
}

// ---- colours: Okabe and Ito's, with dashes and symbols beside them

const OKABE_ITO = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9'];
const DASHES = ['solid', [7, 3], [2, 3]];
const SYMBOLS = ['circle', 'triangle', 'rect', 'diamond'];
const darkScheme = matchMedia('(prefers-color-scheme: dark)');
let printing = false;

function theme() {
  return darkScheme.matches && !printing ? {ink: '#e8e8e6', quiet: '#a8a8a4', line: '#3a3d42', paper: '#16181b', dark: true} :
                                           {ink: '#1b1b1b', quiet: '#595959', line: '#d9d9d9', paper: '#ffffff', dark: false};
}

// The reference is drawn in ink and dashed, so that it is not one of the colours.
function styleOf(number, isReference) {
  if (isReference) return {color: theme().ink, dash: [5, 4], symbol: 'circle'};
  const colour = OKABE_ITO[number % OKABE_ITO.length], dash = DASHES[Math.floor(number / OKABE_ITO.length) % DASHES.length];
  return {color: theme().dark && colour === '#0072B2' ? '#4F9FD6' : colour, dash, symbol: SYMBOLS[number % SYMBOLS.length]};
}

// ---- what charts have in common

function baseOption() {
  const t = theme();
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: {fontFamily: 'system-ui, sans-serif', color: t.ink},
    tooltip: {
      confine: true,
      backgroundColor: t.paper,
      borderColor: t.line,
      padding: [6, 10],
      textStyle: {color: t.ink, fontSize: 12},
      axisPointer: {type: 'line', lineStyle: {color: t.quiet}},
    },
  };
}

function axisStyle(extra = {}) {
  const t = theme();
  const {axisLabel, ...rest} = extra;
  return {
    axisLine: {show: false, lineStyle: {color: t.quiet}},
    axisTick: {show: false},
    splitLine: {lineStyle: {color: t.line}},
    nameTextStyle: {color: t.quiet, fontSize: 12},
    axisLabel: {color: t.quiet, fontSize: 12, formatter: shortNumber, ...axisLabel},
    ...rest,
  };
}

// A tooltip: a title and lines of label and value. An element, so that no text in it is markup.
function tooltipOf(title, lines) {
  const rows = lines.map(([label, value]) => element('tr', {}, element('td', {}, label), element('td', {class: 'number'}, value)));
  return element('div', {class: 'tooltip'}, element('strong', {}, title), element('table', {}, ...rows));
}

const compact = new Intl.NumberFormat('en', {notation: 'compact', maximumSignificantDigits: 3});
const plain = new Intl.NumberFormat('en', {maximumSignificantDigits: 6, useGrouping: false});
const shortNumber = (x) => (Math.abs(x) >= 10000 ? compact : plain).format(x).replace('-', '−');

// What the page itself works out is rounded as the program rounds: the last digit is of the size of the error.
function roundToError(x, error) {
  if (!(error > 0) || !Number.isFinite(x)) return fourDigits(x);
  const place = Math.floor(Math.log10(error)), unit = 10 ** place;
  const text = place > 0 ? `${Math.round(x / unit) * unit}` : x.toFixed(Math.min(20, -place));
  return text.replace(/^-(?=[0.]*$)/, '').replace('-', '−');
}

// Of numbers without an error of their own: four digits.
const fourDigits = (x) => (Number.isFinite(x) ? Number(x.toPrecision(4)).toString().replace('-', '−') : '–');

// Round ends and steps for an axis from `low` to `high` with about `count` steps.
function niceAxis(low, high, count) {
  if (!(high > low)) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((m) => m * power >= rough) * power;
  return {type: 'value', min: Math.floor(low / step + 1e-9) * step, max: Math.ceil(high / step - 1e-9) * step, interval: step};
}

// Powers of ten; of two where there would be hardly any.
function niceLogAxis(low, high) {
  const logBase = high / low > 40 ? 10 : 2, at = (x) => Math.log(x) / Math.log(logBase);
  return {type: 'log', logBase, min: logBase ** Math.floor(at(low) + 1e-9), max: logBase ** Math.ceil(at(high) - 1e-9)};
}

// The area between two lines; `rows` are [x, low, high].
function band(rows, color, opacity, axes) {
  return {
    type: 'custom',
    silent: true,
    clip: true,
    z: 1,
    encode: {x: 0, y: [1, 2]},
    data: rows,
    ...axes,
    renderItem(params, api) {
      if (params.dataIndex !== 0) return null;
      const points = [...rows.map(([x, low]) => api.coord([x, low])), ...rows.map(([x, , high]) => api.coord([x, high])).reverse()];
      return {type: 'polygon', shape: {points}, style: {fill: color, opacity}};
    },
  };
}

// Horizontal error bars; `rows` are [low, high, category].
function whiskers(rows, color, axes = {}) {
  return {
    type: 'custom',
    silent: true,
    z: 4,
    encode: {x: [0, 1], y: 2},
    data: rows,
    ...axes,
    renderItem(params, api) {
      const [x0, y] = api.coord([api.value(0), api.value(2)]), [x1] = api.coord([api.value(1), api.value(2)]);
      const style = {stroke: color, lineWidth: 1.5, fill: null};
      const line = (a, b, c, d) => ({type: 'line', shape: {x1: a, y1: b, x2: c, y2: d}, style});
      return {type: 'group', children: [line(x0, y, x1, y), line(x0, y - 4, x0, y + 4), line(x1, y - 4, x1, y + 4)]};
    },
  };
}

// ---- figures

const figures = [];
const PRINT_WIDTH = 680;

// spec: functions of the state of the page that give title, note, label (a sentence for those who do not see the chart), table, key,
// height(width), option(width); shown() says whether there is anything to show.
function addFigure(parent, spec) {
  const figure = {
    spec,
    chart: null,
    title: element('strong'),
    note: element('span', {class: 'quiet'}),
    key: element('div', {class: 'key'}),
    box: element('div', {class: 'chart', role: 'img', id: spec.id}),
    table: element('div', {class: 'scroll', tabindex: '0'}),
  };
  figure.details = element('details', {class: 'behind'}, element('summary', {}, 'Table of these numbers'), figure.table);
  figure.details.addEventListener('toggle', () => fillTable(figure));
  const drawing = element(
      'figure', {}, element('figcaption', {}, figure.title, ' ', figure.note), figure.key, figure.box,
      element('p', {class: 'source'}, unbroken(spec.source)));
  figure.root = element('div', {class: 'figure'}, drawing, ...(spec.table ? [figure.details] : []));
  parent.append(figure.root);
  figures.push(figure);
  arrivals.observe(figure.box);
  resizes.observe(figure.box);
  refresh(figure);
  return figure;
}

function fillTable(figure) {
  figure.table.replaceChildren();
  if (!figure.details.open || figure.root.hidden) return;
  const table = tableElement(figure.spec.table());
  figure.table.append(table);
  figure.table.setAttribute('aria-label', table.caption.textContent);
  figure.table.setAttribute('role', 'group');
}

function refresh(figure) {
  const {spec} = figure;
  figure.root.hidden = Boolean(spec.shown && !spec.shown());
  if (figure.root.hidden) return;
  figure.title.textContent = unbroken(spec.title());
  figure.note.textContent = spec.note ? unbroken(spec.note()) : '';
  figure.key.replaceChildren(...(spec.key ? spec.key() : []));
  figure.box.setAttribute('aria-label', spec.label());
  fillTable(figure);
  if (figure.chart)
    draw(figure);
  else
    reserve(figure);
}

// Room for a chart that is not drawn yet, so that nothing moves when it is.
function reserve(figure) {
  figure.box.style.height = `${figure.spec.height(figure.box.clientWidth || PRINT_WIDTH)}px`;
}

function draw(figure) {
  if (figure.root.hidden) return;
  const width = printing ? (figure.root.parentElement.children.length > 1 ? PRINT_WIDTH / 2 - 10 : PRINT_WIDTH) : figure.box.clientWidth;
  if (width === 0) return;
  const height = figure.spec.height(width);
  figure.box.style.height = `${height}px`;
  if (!figure.chart)
    figure.chart = echarts.init(figure.box, null, {renderer: 'svg', width, height});
  else
    figure.chart.resize({width, height});
  figure.width = width;
  figure.chart.setOption({...baseOption(), ...figure.spec.option(width)}, {notMerge: true});
  if (printing) figure.chart.getZr().flush();
  if (figure.spec.drawn) figure.spec.drawn(figure.chart);
}

const refreshAll = () => figures.forEach(refresh);

const arrivals = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const figure = figures.find(({box}) => box === entry.target);
    if (entry.isIntersecting && figure && !figure.chart) draw(figure);
  }
}, {rootMargin: '400px'});

const resizes = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const figure = figures.find(({box}) => box === entry.target);
    if (!figure || printing || figure.root.hidden) continue;
    if (!figure.chart)
      reserve(figure);
    else if (Math.abs(figure.box.clientWidth - figure.width) > 1)
      requestAnimationFrame(() => draw(figure));
  }
});

darkScheme.addEventListener('change', refreshAll);

// On paper every chart is drawn, light, as wide as the paper, and every table behind a chart is open.
addEventListener('beforeprint', () => {
  printing = true;
  for (const figure of figures) {
    figure.wasOpen = figure.details.open;
    figure.details.open = true;
    fillTable(figure);
    draw(figure);
  }
});
addEventListener('afterprint', () => {
  printing = false;
  for (const figure of figures) {
    figure.details.open = figure.wasOpen;
    draw(figure);
  }
});
