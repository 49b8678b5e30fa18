// The page's data, what is selected of it, and the charts over time: each function gives the figure of one result.
// SPDX-License-Identifier: Apache-2.0
'use strict';

const data = JSON.parse(byId('data').textContent);
const several = data.results.length > 1;
const state = {
  metric: 0,
  policies: new Set(data.policies.keys()),
  event: 0,
  layout: 'panels',
  driverPolicy: 0,
  driverKind: 'own'
};

// ---- what is selected, as result number r has it

const metricOf = (r) => data.results[r].metrics[state.metric];
const eventOf = (r) => data.results[r].events[data.events[state.event].at[r]];
const inUnits = (metric) => (metric.units ? `, ${metric.units}` : '');
const betterText = (metric) => (metric.direction === 'none' ? '' : `, ${metric.direction} is better`);
const letter = (r) => (several ? `${'AB'[r]}: ` : '');
const sourceOf = (r) =>
    `${data.results[r].title}, ${data.results[r].file}, ${data.results[r].trajectories} histories of each policy. Made with Chokepoint.`;
const lastOf = (r, policy) => (policy + 1) * data.results[r].years.length - 1;

// The shown policies: title, number in the result, style.
function shownPolicies(r) {
  return [...state.policies].sort((a, b) => a - b).map((i) => {
    const number = data.policies[i].at[r], reference = number === data.results[r].reference;
    return {title: data.policies[i].title, number, reference, ...styleOf(i, reference)};
  });
}
const withoutReference = (r) => shownPolicies(r).filter(({reference}) => !reference);
const referenceTitle = (r) => data.results[r].policies[data.results[r].reference].title;

const extremes = (numbers) =>
    numbers.filter(Number.isFinite).reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity]);

// One scale for both results.
function sharedExtremes(valuesOf) {
  return extremes(data.results.flatMap((_, r) => valuesOf(r)));
}

function yearAxis(r, width) {
  const {years} = data.results[r], first = Math.floor(years[0] - 1e-6), last = Math.ceil(years.at(-1) - 1e-6);
  const step = [1, 2, 5, 10, 20, 50].find((s) => (last - first) / s * 54 <= width) || 100;
  return axisStyle({
    type: 'value',
    min: first,
    max: last,
    interval: step,
    splitLine: {show: false},
    axisLine: {show: true, onZero: false, lineStyle: {color: theme().quiet}},
    axisLabel: {formatter: (x) => `${x}`, showMaxLabel: (last - first) % step === 0, alignMinLabel: 'left', alignMaxLabel: 'right'}
  });
}

// Texts are there for some of the times, such as the ends of years: which, and the place of the one nearest to time t among them.
const textTimes = (r) => data.results[r].text_times;
const nearestText = (r, t) => textTimes(r).reduce((best, time, i) => (Math.abs(time - t) < Math.abs(textTimes(r)[best] - t) ? i : best), 0);
const timeText = (r, t) => {
  const month = Math.round(12 * data.results[r].years[t]) - 1;
  return month % 12 === 11 ? `end of ${Math.floor(month / 12)}` : `${Math.floor(month / 12)}-${String(month % 12 + 1).padStart(2, '0')}`;
};

// ---- keys: swatches in front of a text

function swatch(shape, attributes) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), part = document.createElementNS(svg.namespaceURI, shape);
  for (const [name, value] of Object.entries({width: 26, height: 12, 'aria-hidden': true})) svg.setAttribute(name, value);
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
  svg.append(part);
  return svg;
}
const keyItem = (mark, text) => element('span', {}, mark, ` ${text}`);
const lineKey = (text, color, dash) => keyItem(
    swatch('line', {
      x1: 0,
      x2: 26,
      y1: 6,
      y2: 6,
      stroke: color,
      'stroke-width': 2,
      ...(Array.isArray(dash) ? {'stroke-dasharray': dash.join(' ')} : {})
    }),
    text);
const areaKey = (text, color, opacity) => keyItem(swatch('rect', {width: 26, height: 12, fill: color, 'fill-opacity': opacity}), text);
const policyKeys = (r) =>
    (data.results.length === 1 && innerWidth > 760 ? [] : shownPolicies(r).map(({title, color, dash}) => lineKey(title, color, dash)));

// ---- fan charts

const FAN = 5, MEDIAN = 2;  // quantiles of each time: two of the outer band, two of the inner one, the median
const fanRow = (r, policy, t) =>
    metricOf(r).fan.values.slice((policy * data.results[r].years.length + t) * FAN, (policy * data.results[r].years.length + t + 1) * FAN);
const fanText = (r, policy, i) =>
    metricOf(r).fan.text.slice((policy * textTimes(r).length + i) * (FAN + 1), (policy * textTimes(r).length + i + 1) * (FAN + 1));
const fanLastText = (r, policy) => fanText(r, policy, textTimes(r).length - 1)[MEDIAN];
const fanBand = (r, policy, low, high) => data.results[r].years.map((year, t) => {
  const row = fanRow(r, policy, t);
  return [year, row[low], row[high]];
});
const fanMedian = (r, policy) => data.results[r].years.map((year, t) => [year, fanRow(r, policy, t)[MEDIAN]]);

// Bands of many policies in one chart hide each other.
const MOST_BANDS = 3;
const hasBands = () => state.policies.size <= MOST_BANDS;

function fanAxis(height) {
  const inner = state.layout === 'panels' ? 0 : hasBands() ? 1 : MEDIAN;
  const [low, high] = sharedExtremes((r) => shownPolicies(r).flatMap(({number}) => data.results[r].years.flatMap((_, t) => {
    const row = fanRow(r, number, t);
    return [row[inner], row[FAN - 1 - inner]];
  })));
  return metricOf(0).log && low > 0 ? niceLogAxis(low, high) : niceAxis(low, high, height / 26);
}

function fanTooltip(r) {
  return {
    trigger: 'axis',
    formatter(hits) {
      const hit = hits.find(({seriesId}) => seriesId.startsWith('median')), names = data.results[r].quantiles;
      if (!hit) return '';
      const number = Number(hit.seriesId.split(':')[1]), i = nearestText(r, hit.dataIndex), texts = fanText(r, number, i),
            time = timeText(r, textTimes(r)[i]);
      if (state.layout === 'overlay')
        return tooltipOf(`Medians, ${time}`, shownPolicies(r).map((p) => [p.title, fanText(r, p.number, i)[MEDIAN]]));
      return tooltipOf(
          `${data.results[r].policies[number].title}, ${time}`, [...names.map((name, q) => [name, texts[q]]), ['mean ± se', texts[FAN]]]);
    }
  };
}

const fanColumns = (r, width) => Math.min(shownPolicies(r).length, Math.max(1, Math.floor((width - 46) / 135)), 5);
const PANEL = {
  height: 118,
  head: 42,
  foot: 26
};

// A heading broken at a blank, and cut if two lines do not hold it.
function inTwoLines(text, width) {
  const most = Math.floor(width / 6.8), cut = (line) => (line.length > most ? `${line.slice(0, most - 1)}…` : line);
  if (text.length <= most) return text;
  const blank = text.lastIndexOf(' ', most);
  return blank <= 0 ? cut(text) : `${text.slice(0, blank)}\n${cut(text.slice(blank + 1))}`;
}

function fanPanels(r, width) {
  const policies = shownPolicies(r), columns = fanColumns(r, width), left = 46, gap = 44, t = theme();
  const panelWidth = (width - left - gap - (columns - 1) * gap) / columns;
  const option = {grid: [], xAxis: [], yAxis: [], series: [], title: [], tooltip: {...baseOption().tooltip, ...fanTooltip(r)}};
  policies.forEach((policy, i) => {
    const column = i % columns, row = Math.floor(i / columns), x = left + column * (panelWidth + gap),
          y = row * (PANEL.height + PANEL.head + PANEL.foot);
    const axes = {xAxisIndex: i, yAxisIndex: i}, color = policy.reference ? t.quiet : OKABE_ITO[5];
    option.title.push({
      text: inTwoLines(policy.title, panelWidth + gap - 8),
      left: x,
      top: y,
      padding: 0,
      textStyle: {fontSize: 12, lineHeight: 14, fontWeight: 600, color: t.ink}
    });
    option.grid.push({left: x, top: y + PANEL.head, width: panelWidth, height: PANEL.height});
    option.xAxis.push({...yearAxis(r, panelWidth), gridIndex: i});
    option.yAxis.push({...axisStyle(fanAxis(PANEL.height)), gridIndex: i, ...(column > 0 ? {axisLabel: {show: false}} : {})});
    option.series.push(band(fanBand(r, policy.number, 0, 4), color, 0.28, axes), band(fanBand(r, policy.number, 1, 3), color, 0.45, axes));
    const median = fanMedian(r, policy.number);
    if (!policy.reference)
      option.series.push({
        type: 'line',
        silent: true,
        showSymbol: false,
        z: 3,
        data: fanMedian(r, data.results[r].reference),
        ...axes,
        lineStyle: {color: t.ink, width: 1.3, type: [4, 3]}
      });
    option.series.push({
      type: 'line',
      id: `median:${policy.number}`,
      showSymbol: false,
      z: 4,
      data: median,
      ...axes,
      lineStyle:
          {color: policy.reference ? t.ink :
               t.dark              ? '#9fd4f5' :
                                     OKABE_ITO[0],
           width: 2,
           type: policy.reference ? [4, 3] : 'solid'},
      itemStyle: {color: OKABE_ITO[0]}
    });
    option.series.push(endLabel(median.at(-1), fanLastText(r, policy.number), t.ink, axes));
  });
  return option;
}

// The last value, written beside the end of its line; `shift` moves the text up or down, in pixels.
function endLabel(point, text, color, axes = {}, symbol = null, shift = 0) {
  return {
    type: 'scatter',
    silent: true,
    clip: false,
    z: 5,
    data: [point],
    symbol: symbol || 'circle',
    symbolSize: symbol ? 8 : 0.01,
    ...axes,
    itemStyle: {color, opacity: 1},
    label: {
      show: true,
      position: 'right',
      distance: symbol ? 6 : 4,
      offset: [0, shift],
      formatter: () => text,
      color: theme().ink,
      fontSize: 12
    }
  };
}

// How far texts at these heights must move so that they are `gap` apart: those that are too close give way in equal parts.
function spreadApart(heights, gap, low, high) {
  const order = [...heights.keys()].sort((a, b) => heights[a] - heights[b]), places = order.map((i) => heights[i]);
  for (let pass = 0; pass < 200; ++pass)
    for (let i = 0; i + 1 < places.length; ++i) {
      const missing = gap - (places[i + 1] - places[i]);
      if (missing <= 0) continue;
      places[i] = Math.max(low, places[i] - missing / 2);
      places[i + 1] = Math.min(high, places[i + 1] + missing / 2);
    }
  return heights.map((height, i) => places[order.indexOf(i)] - height);
}

const LABEL_ROOM = 200, WIDE = 640;  // px

// Lines of several policies with their names at the ends, or without where there is no room and the key names them.
function lines(r, width, height, rows, axis, bands) {
  const policies = shownPolicies(r), wide = width >= WIDE, top = 16, bottom = 30, ends = policies.map((policy) => rows(policy).at(-1));
  const scale = (y) => (axis.type === 'log' ? Math.log(y) : y), room = height - top - bottom;
  const at = ends.map(([, y]) => (Number.isFinite(y) ? room * (scale(axis.max) - scale(y)) / (scale(axis.max) - scale(axis.min)) : 0));
  const shifts = spreadApart(at, 15, 0, room);
  return {
    grid: {left: 50, right: wide ? LABEL_ROOM : 16, top, bottom},
    xAxis: yearAxis(r, width - LABEL_ROOM),
    yAxis: axis,
    series: policies.flatMap((policy, i) => {
      const {color, dash, symbol} = policy;
      return [
        ...(bands ? [band(bands(policy), color, 0.15, {})] : []), {
          type: 'line',
          id: `median:${policy.number}`,
          name: policy.title,
          data: rows(policy),
          showSymbol: false,
          z: 3,
          lineStyle: {color, width: 2, type: dash},
          itemStyle: {color}
        },
        ...(wide && Number.isFinite(ends[i][1]) ? [endLabel(ends[i], policy.title, color, {}, symbol, shifts[i])] : [])
      ];
    }),
  };
}
const linesHeight = (width) => Math.round(Math.min(440, 200 + width / 3));

function fanFigure(r) {
  return {
    id: `fans-${r}`,
    source: sourceOf(r),
    title: () => letter(r) + metricOf(r).title,
    note: () => `${metricOf(r).meaning}${inUnits(metricOf(r))}${betterText(metricOf(r))}`,
    key() {
      const t = theme(), names = data.results[r].quantiles, inner = `${names[1]} to ${names[3]}`;
      if (state.layout === 'overlay')
        return [
          keyItem('', hasBands() ? `Lines: medians. Bands: ${inner}.` : `Medians; with ${MOST_BANDS} policies or fewer also bands.`),
          ...policyKeys(r)
        ];
      return [
        lineKey('median', t.dark ? '#9fd4f5' : OKABE_ITO[0]), areaKey(inner, OKABE_ITO[5], 0.7),
        areaKey(`${names[0]} to ${names[4]}`, OKABE_ITO[5], 0.28), lineKey(`median under ${referenceTitle(r)}`, t.ink, [4, 3])
      ];
    },
    height(width) {
      if (state.layout === 'overlay') return linesHeight(width);
      return Math.ceil(shownPolicies(r).length / fanColumns(r, width)) * (PANEL.height + PANEL.head + PANEL.foot);
    },
    option: (width) => state.layout === 'panels' ?
        fanPanels(r, width) :
        {
          ...lines(
              r, width, linesHeight(width), ({number}) => fanMedian(r, number), axisStyle(fanAxis(300)),
              hasBands() ? ({number}) => fanBand(r, number, 1, 3) : null),
          tooltip: {...baseOption().tooltip, ...fanTooltip(r)},
        },
    label() {
      const policies = shownPolicies(r),
            end = policies.map(({title, number}) => ({title, x: fanRow(r, number, data.results[r].years.length - 1)[MEDIAN], number}));
      const text = ({title, number}) => `${fanLastText(r, number)} under ${title}`;
      const sorted = end.sort((a, b) => a.x - b.x);
      return `Fan charts of ${metricOf(r).title}${inUnits(metricOf(r))} over time. At the ${
          data.results[r].end} the median is lowest with ${text(sorted[0])} and highest with ${text(sorted.at(-1))}.`;
    },
    table: () => ({
      caption:
          `${letter(r)}${metricOf(r).title}${inUnits(metricOf(r))}: quantiles and mean of the histories, rounded to their sampling error`,
      header: ['Policy', 'Time', ...data.results[r].quantiles, 'mean ± se'],
      numeric: [2, 3, 4, 5, 6, 7],
      rows: shownPolicies(r).flatMap(({title, number}) => textTimes(r).map((t, i) => [title, timeText(r, t), ...fanText(r, number, i)])),
    }),
  };
}

// ---- events

function eventFigure(r) {
  const at = (policy, t) => policy * data.results[r].years.length + t, happens = (policy) => eventOf(r).share[at(policy, 0)] !== null;
  const policies = () => shownPolicies(r).filter(({number}) => happens(number)),
        text = (policy, i) => eventOf(r).text[policy * textTimes(r).length + i];
  const rows = (values) => ({number}) => [
      [data.results[r].years[0] - (data.results[r].years[1] - data.results[r].years[0] || 1), 0],
      ...data.results[r].years.map((year, t) => [year, values()[at(number, t)]])];
  const bounds = ({number}) =>
      data.results[r].years.map((year, t) => [year, eventOf(r).low[at(number, t)], eventOf(r).high[at(number, t)]]);
  return {
    id: `events-${r}`,
    source: sourceOf(r),
    title: () => letter(r) + eventOf(r).title,
    note: () => `${eventOf(r).meaning}: share of histories in which it has happened, with 95 % bounds`,
    key: () => policyKeys(r),
    height: linesHeight,
    option(width) {
      const [, high] = sharedExtremes(
          (s) => data.policies.flatMap(
              ({at: [...numbers]}) => data.results[s].years.map(
                  (_, t) => data.results[s].events[data.events[state.event].at[s]].high[numbers[s] * data.results[s].years.length + t])));
      const axis = axisStyle({...niceAxis(0, Math.min(1, high), 5), axisLabel: {formatter: (x) => `${shortNumber(100 * x)} %`}});
      axis.max = Math.min(axis.max, 1);
      return {
        ...lines(r, width, linesHeight(width), rows(() => eventOf(r).share), axis, bounds),
        tooltip: {
          ...baseOption().tooltip,
          trigger: 'axis',
          formatter(hits) {
            const hit = hits.find(({seriesId, dataIndex}) => seriesId.startsWith('median') && dataIndex > 0);
            if (!hit) return '';
            const i = nearestText(r, hit.dataIndex - 1);
            return tooltipOf(`By the ${timeText(r, textTimes(r)[i])}, %`, policies().map(({title, number}) => [title, text(number, i)]));
          }
        }
      };
    },
    label() {
      const end = data.results[r].years.length - 1,
            sorted = policies().sort((a, b) => eventOf(r).share[at(a.number, end)] - eventOf(r).share[at(b.number, end)]);
      if (sorted.length === 0) return `${eventOf(r).title}: no shown policy has this event.`;
      const last = ({title, number}) => `${text(number, textTimes(r).length - 1)} percent under ${title}`;
      return `Curves of the share of histories in which it has happened: ${eventOf(r).meaning}. By the ${data.results[r].end} from ${
          last(sorted[0])} to ${last(sorted.at(-1))}.`;
    },
    table: () => ({
      caption: `${letter(r)}${eventOf(r).title}: percent of histories in which it has happened by then; ± is half a 95 % interval`,
      header: ['Policy', ...textTimes(r).map((t) => timeText(r, t))],
      numeric: textTimes(r).map((_, i) => i + 1),
      rows: policies().map(({title, number}) => [title, ...textTimes(r).map((_, i) => text(number, i))]),
    }),
  };
}
