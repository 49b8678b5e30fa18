// The page of forecasts of the past: a fan of each series with what was observed, and a table of scores.
// SPDX-License-Identifier: Apache-2.0
'use strict';

const data = JSON.parse(byId('data').textContent);
const policies = data.forecasts.slice(0, data.policies), colour = OKABE_ITO[0], seen = OKABE_ITO[1];
const state = {forecast: data.policy};

const ink = () => (theme().dark ? '#4F9FD6' : colour);
const inUnit = ({unit}) => (unit === '1' ? '' : ` (${unit})`);
const compared = ({logarithmic}) => (logarithmic ? ', compared by logarithms' : '');
const changeText = ({change_months: months}) => (months ? `, change over ${months} months` : '');

// A month since the start as "2024-06": the month at whose end it lies.
function monthText(months) {
  const [year, month] = data.start.split('-').map(Number), at = 12 * year + month - 2 + months;
  return `${Math.floor(at / 12)}-${String(at % 12 + 1).padStart(2, '0')}`;
}

const observedText = ({value, low, high}) => (value === null ? `${fourDigits(low)} to ${fourDigits(high)}` : fourDigits(value));

// ---- fans

const fanOf = (series) => series.fan.months.map((months, i) => [months, ...series.fan.quantiles[state.forecast][i]]);

function valueAxis(series) {
  const rows = [...series.observations, ...series.past].flatMap(({value, low, high}) => [value, low, high]);
  const numbers = [...fanOf(series).flatMap(([, ...quantiles]) => quantiles), ...rows].filter(Number.isFinite);
  const low = Math.min(...numbers), high = Math.max(...numbers);
  return series.logarithmic && low > 0 ? niceLogAxis(low, high) : niceAxis(low, high, 6);
}

// Vertical error bars; `rows` are [x, low, high].
function bars(rows, color) {
  return {
    type: 'custom', silent: true, z: 4, encode: {x: 0, y: [1, 2]}, data: rows,
    renderItem(_, api) {
      const [x, low] = api.coord([api.value(0), api.value(1)]), [, high] = api.coord([api.value(0), api.value(2)]);
      const line = (x1, y1, x2, y2) => ({type: 'line', shape: {x1, y1, x2, y2}, style: {stroke: color, lineWidth: 1.5, fill: null}});
      return {type: 'group', children: [line(x, low, x, high), line(x - 3, low, x + 3, low), line(x - 3, high, x + 3, high)]};
    },
  };
}

function tooltip(series) {
  return {
    trigger: 'axis',
    formatter(hits) {
      const months = hits[0].value[0], fan = fanOf(series).find(([at]) => at === months);
      const row = [...series.observations, ...series.past].find((one) => one.months === months);
      return tooltipOf(monthText(months), [
        ...(row ? [['observed', observedText(row)]] : []),
        ...(fan ? data.quantiles.map((q, i) => [`${100 * q} %`, fourDigits(fan[i + 1])]) : []),
        ...(row?.forecasts ? [['PIT', row.forecasts[state.forecast].pit.toFixed(2)]] : [])
      ]);
    },
  };
}

function fanOption(series, width) {
  const rows = fanOf(series), part = (low, high) => rows.map((row) => [row[0], row[1 + low], row[1 + high]]);
  const all = [...series.past, ...series.observations], t = theme();
  const first = Math.min(0, ...series.past.map(({months}) => months)), last = Math.max(...rows.map(([months]) => months));
  const every = [3, 6, 12, 24, 48].find((months) => (last - first) / months * 62 <= width) || 120;
  return {
    grid: {left: 56, right: 16, top: 12, bottom: 28},
    tooltip: {...baseOption().tooltip, ...tooltip(series)},
    xAxis: axisStyle({type: 'value', min: Math.floor(first / every) * every, max: last, interval: every, splitLine: {show: false},
      axisLabel: {formatter: monthText, showMaxLabel: (last - first) % every === 0}}),
    yAxis: axisStyle(valueAxis(series)),
    series: [
      band(part(0, 4), ink(), 0.15), band(part(1, 3), ink(), 0.25),
      {type: 'line', data: rows.map((row) => [row[0], row[3]]), showSymbol: false, lineStyle: {color: ink(), width: 2}, itemStyle: {color: ink()},
        markLine: {silent: true, symbol: 'none', label: {show: first < 0, formatter: 'start', color: t.quiet}, lineStyle: {color: t.quiet, type: 'dashed'}, data: [{xAxis: 0}]}},
      bars(all.map(({months, low, high}) => [months, low, high]), seen),
      {type: 'scatter', z: 5, symbolSize: 7, itemStyle: {color: seen, borderColor: t.paper, borderWidth: 1},
        data: all.filter(({value}) => value !== null).map(({months, value}) => [months, value])},
    ],
  };
}

function fanTable(series) {
  const rows = series.observations.map((one) => {
    const {quantiles, pit, crps, log_score: logScore} = one.forecasts[state.forecast];
    return [one.date, `${one.months}`, observedText(one), ...quantiles.map(fourDigits), pit.toFixed(2), fourDigits(crps), fourDigits(logScore), one.source];
  });
  const header = ['Date', 'Months', 'Observed', ...data.quantiles.map((q) => `${100 * q} %`), 'PIT', 'CRPS', 'Log score', 'Source'];
  return {caption: `${series.name} under ${state.forecast}`, header, rows, numeric: header.slice(1, -1).map((_, i) => i + 1)};
}

for (const series of data.series) {
  if (!series.fan) continue;
  const covered = () => series.observations.filter((one) => one.forecasts[state.forecast].coverage[2] >= 0.5).length;
  addFigure(byId('fans'), {
    id: `fan-${series.name}`,
    source: `Observations: ${data.history}. Made with Chokepoint.`,
    title: () => series.name,
    note: () => `${series.meaning}${inUnit(series)}${changeText(series)}${compared(series)}`,
    label: () => `${series.name} under ${state.forecast}: ${covered()} of ${series.observations.length} observations lie in the 90 % intervals`,
    height: () => 260,
    option: (width) => fanOption(series, width),
    table: () => fanTable(series),
  });
}

// ---- scores

const withError = ({value, se}) => (se > 0 ? `${roundToError(value, se)} ± ${roundToError(se, se)}` : fourDigits(value));

function showScores() {
  const header = ['Series', 'Months', 'n', 'CRPS', 'Skill', 'Log score', ...data.coverage_levels.map((level) => `in ${100 * level} %`),
    ...data.forecasts.filter((name) => name !== state.forecast).map((name) => `CRPS of ${name}`)];
  const rows = data.series.flatMap((series) => series.horizons.map(({months, observations, scores}) => {
    const own = scores[state.forecast];
    return [series.name, months.join('–'), `${observations}`, withError(own.crps), own.skill ? withError(own.skill) : '–', withError(own.log_score),
      ...own.coverage.map((share) => share.toFixed(2)),
      ...data.forecasts.filter((name) => name !== state.forecast).map((name) => (scores[name] ? withError(scores[name].crps) : '–'))];
  }));
  const table = tableElement({caption: `Scores under ${state.forecast}; –: too little history for a plain forecast`, header, rows,
    numeric: header.slice(1).map((_, i) => i + 1)});
  byId('scores').replaceChildren(element('div', {class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Scores'}, table));
}

fillSelect(byId('forecast'), policies.map((value) => ({value, text: value})), state.forecast);
byId('forecast').addEventListener('change', ({target}) => {
  state.forecast = target.value;
  showScores();
  refreshAll();
});
showScores();
document.documentElement.dataset.drawn = figures.length;
