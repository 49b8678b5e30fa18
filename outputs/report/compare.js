// The charts that compare policies and results: rows of points and bars. SPDX-License-Identifier: Apache-2.0
'use strict';

// ---- horizontal charts with a row for each policy

const NARROW = 520;  // px; where there is less, numbers stand below the names, not beside the points
const isNarrow = (width) => width < NARROW;

function policyRows(width, policies, textOf, extra) {
  const room = Math.min(210, width * 0.36), name = ({title}, i) => (isNarrow(width) && textOf ? `${title}\n${textOf(policies[i])}` : title);
  return {
    grid: {left: room + 8, right: 24, top: 8, bottom: 44},
    yAxis: {
      type: 'category',
      inverse: true,
      data: policies.map(name),
      axisTick: {show: false},
      axisLine: {show: false},
      axisLabel: {color: theme().ink, fontSize: width < 500 ? 11 : 12, width: room, overflow: 'break', lineHeight: 13}
    },
    ...extra,
  };
}
// Texts beyond the ends of error bars, to the left of those below zero.
function endTexts(rows, textOf, width) {
  return {
    type: 'scatter',
    silent: true,
    symbolSize: 0.01,
    z: 6,
    data: rows.map(({mean, low, high}, i) => ({value: [mean < 0 ? low : high, i], label: {position: mean < 0 ? 'left' : 'right'}})),
    label: {show: !isNarrow(width), distance: 9, color: theme().ink, fontSize: 12, formatter: ({dataIndex}) => textOf(dataIndex)}
  };
}
const boundsOf = ({mean, low, high}, i) => ({mean: mean[i], low: low[i], high: high[i]});

const valueName = (text) => ({name: text, nameLocation: 'middle', nameGap: 28});
const rowHeight = (count, width, numbered = true) => count * (isNarrow(width) && numbered ? 46 : 30) + 56;

function byDifference(r) {
  const {difference, direction} = metricOf(r), sign = direction === 'lower' ? 1 : -1;
  return withoutReference(r).sort((a, b) => sign * (difference.mean[a.number] - difference.mean[b.number]));
}

function differenceFigure(r) {
  const d = () => metricOf(r).difference;
  return {
    id: `differences-${r}`,
    source: sourceOf(r),
    shown: () => withoutReference(r).length > 0,
    title: () => `${letter(r)}Mean difference from ${referenceTitle(r)}`,
    note: () => `${metricOf(r).title}${inUnits(metricOf(r))}, ${data.results[r].end}${
        betterText(metricOf(r))}. Bars: 95 % interval; often smaller than the point. ≈: cannot be told from no difference`,
    height: (width) => rowHeight(byDifference(r).length, width),
    option(width) {
      const policies = byDifference(r),
            [low, high] = sharedExtremes(
                (s) => withoutReference(s).flatMap(
                    ({number}) =>
                        [data.results[s].metrics[state.metric].difference.low[number],
                         data.results[s].metrics[state.metric].difference.high[number], 0]));
      const room = isNarrow(width) ? 0 : (high - low) * Math.min(0.9, 240 / width), t = theme(),
            left = policies.some(({number}) => d().mean[number] < 0) ? room : 0;
      return policyRows(width, policies, ({number}) => d().text[number], {
        xAxis: axisStyle({
          ...niceAxis(low - left, high + room, width / 110),
          ...valueName(`less under the policy ← difference${inUnits(metricOf(r))} → more`)
        }),
        tooltip: {
          ...baseOption().tooltip,
          trigger: 'item',
          formatter: ({dataIndex}) => {
            const {number, title} = policies[dataIndex];
            return tooltipOf(title, [['mean ± se', d().text[number]], ['median', d().median[number]]]);
          }
        },
        series: [
          whiskers(policies.map(({number}, i) => [d().low[number], d().high[number], i]), t.ink), {
            type: 'scatter',
            id: 'points',
            z: 5,
            symbolSize: 10,
            itemStyle: {color: OKABE_ITO[0], opacity: 1},
            data: policies.map(({number}, i) => [d().mean[number], i]),
            markLine:
                {silent: true, symbol: 'none', label: {show: false}, lineStyle: {color: t.ink, type: 'solid', width: 1}, data: [{xAxis: 0}]}
          },
          endTexts(policies.map(({number}) => boundsOf(d(), number)), (i) => d().text[policies[i].number], width)
        ],
      });
    },
    label() {
      const policies = byDifference(r), text = ({title, number}) => `${title}: ${d().text[number]}`;
      return `Mean differences of ${metricOf(r).title}${inUnits(metricOf(r))} from ${
          referenceTitle(r)} in the same histories, with error bars. ${policies.map(text).join('; ')}.`;
    },
    table: () => ({
      caption: `${letter(r)}${metricOf(r).title}${inUnits(metricOf(r))}: difference from ${referenceTitle(r)} in the same history, ${
          data.results[r].end}`,
      header: ['Policy', 'mean ± se', 'median', ...(d().better.length ? ['better in %', 'equal in %'] : [])],
      numeric: [1, 2, 3, 4],
      rows: byDifference(r).map(
          ({title, number}) =>
              [title, d().text[number], d().median[number],
               ...(d().better.length ? [d().better_text[number], (100 * d().equal[number]).toFixed(1)] : [])]),
    }),
  };
}

// Stacked shares; `parts` are {name, color, ink, decal, values: by row}.
function stackedShares(width, policies, parts) {
  return policyRows(width, policies, null, {
    xAxis: axisStyle({
      type: 'value',
      min: 0,
      max: 1,
      interval: width < 500 ? 0.5 : 0.25,
      axisLabel: {formatter: (x) => `${100 * x} %`},
      ...valueName('share of histories')
    }),
    tooltip: {
      ...baseOption().tooltip,
      trigger: 'axis',
      axisPointer: {type: 'shadow'},
      formatter: ([{dataIndex}]) =>
          tooltipOf(policies[dataIndex].title, parts.map(({name, values}) => [name, `${(100 * values[dataIndex]).toFixed(1)} %`]))
    },
    series: parts.map(({name, color, ink, decal, values}) => ({
                        type: 'bar',
                        name,
                        stack: 'shares',
                        barWidth: 20,
                        data: values,
                        itemStyle: {color, borderColor: theme().paper, borderWidth: isNarrow(width) ? 0.5 : 1, decal},
                        label: {
                          show: true,
                          color: ink,
                          fontSize: 11,
                          formatter: ({value}) => (value * width * 0.6 > 34 ? `${Math.round(100 * value)} %` : '')
                        }
                      })),
  });
}

function shareFigure(r) {
  const d = () => metricOf(r).difference;
  const parts = (policies) => {
    const worse = ({number}) => Math.max(0, 1 - d().better[number] - d().equal[number]);
    return [
      {name: 'better', color: '#0072B2', ink: '#fff', values: policies.map(({number}) => d().better[number])}, {
        name: 'no different',
        color: theme().dark ? '#55595f' : '#d4d4d4',
        ink: theme().ink,
        values: policies.map(({number}) => d().equal[number])
      },
      {
        name: 'worse',
        color: '#E69F00',
        ink: '#000',
        decal: {symbol: 'rect', color: 'rgba(0,0,0,0.15)', dashArrayX: [1, 0], dashArrayY: [2, 6], rotation: -Math.PI / 4},
        values: policies.map(worse)
      }
    ];
  };
  return {
    id: `shares-${r}`,
    source: sourceOf(r),
    shown: () => d().better.length > 0 && withoutReference(r).length > 0,
    title: () => `${letter(r)}How often is a policy better than ${referenceTitle(r)}?`,
    note: () => `${metricOf(r).title}, ${data.results[r].end}, in the same history`,
    key: () => parts([]).map(({name, color}) => areaKey(name, color, 1)),
    height: (width) => rowHeight(byDifference(r).length, width, false),
    option: (width) => stackedShares(width, byDifference(r), parts(byDifference(r))),
    label: () => `Share of histories in which each policy is better than ${referenceTitle(r)} on ${metricOf(r).title}. ${
        byDifference(r).map(({title, number}) => `${title}: ${d().better_text[number]} percent`).join('; ')}.`,
    table: () => ({
      caption: `${letter(r)}${metricOf(r).title}: percent of histories in which the policy is better than ${
          referenceTitle(r)}; ± is half a 95 % interval`,
      header: ['Policy', 'better in %', 'no different in %'],
      numeric: [1, 2],
      rows: byDifference(r).map(({title, number}) => [title, d().better_text[number], (100 * d().equal[number]).toFixed(1)]),
    }),
  };
}

// ---- regret and ranks

const byRegret = (r) => shownPolicies(r).sort((a, b) => metricOf(r).decision.mean[a.number] - metricOf(r).decision.mean[b.number]);

function regretFigure(r) {
  const d = () => metricOf(r).decision;
  return {
    id: `regret-${r}`,
    source: sourceOf(r),
    shown: () => d() !== null && data.results[r].policies.length > 1,
    title: () => `${letter(r)}Mean regret`,
    note: () => `${metricOf(r).title}${inUnits(metricOf(r))}, ${data.results[r].end}; less is better. Error bars: 95 %`,
    height: (width) => rowHeight(byRegret(r).length, width),
    option(width) {
      const policies = byRegret(r), t = theme();
      const [, high] =
          sharedExtremes((s) => shownPolicies(s).map(({number}) => data.results[s].metrics[state.metric].decision.high[number]));
      return policyRows(width, policies, ({number}) => d().text[number], {
        xAxis: axisStyle({
          ...niceAxis(0, high * (isNarrow(width) ? 1 : 1 + 150 / width), width / 110),
          ...valueName(`mean regret${inUnits(metricOf(r))}`)
        }),
        tooltip: {
          ...baseOption().tooltip,
          trigger: 'item',
          formatter: ({dataIndex}) => {
            const {title, number} = policies[dataIndex];
            return tooltipOf(title, [['mean regret ± se', d().text[number]], ['95 % have at most', d().p95[number]]]);
          }
        },
        series: [
          {
            type: 'bar',
            id: 'points',
            barWidth: 16,
            itemStyle: {color: OKABE_ITO[0]},
            data: policies.map(({number, reference}) => ({value: d().mean[number], ...(reference ? {itemStyle: {color: t.quiet}} : {})}))
          },
          endTexts(policies.map(({number}) => boundsOf(d(), number)), (i) => d().text[policies[i].number], width),
          whiskers(policies.map(({number}, i) => [d().low[number], d().high[number], i]), t.ink)
        ],
      });
    },
    label: () => `Mean regret of each policy on ${metricOf(r).title}${inUnits(metricOf(r))}, least first. ${
        byRegret(r).map(({title, number}) => `${title}: ${d().text[number]}`).join('; ')}.`,
    table: () => ({
      caption: `${letter(r)}Regret on ${metricOf(r).title}${inUnits(metricOf(r))}, ${data.results[r].end}`,
      header: ['Policy', 'mean ± se', '95th percentile'],
      numeric: [1, 2],
      rows: byRegret(r).map(({title, number}) => [title, d().text[number], d().p95[number]]),
    }),
  };
}

// Dark is good: ranks go from the darkest to the palest.
function rankColour(rank, count) {
  const share = count > 1 ? rank / (count - 1) : 0, mix = (a, b) => Math.round(a + (b - a) * share);
  return {color: `rgb(${mix(0, 222)}, ${mix(68, 232)}, ${mix(120, 240)})`, ink: share < 0.55 ? '#fff' : '#000'};
}

function rankFigure(r) {
  const count = () => data.results[r].policies.length, probability = (number, rank) => metricOf(r).decision.rank[number * count() + rank];
  const parts = (policies) => [...Array(count()).keys()].map((rank) => ({
                                                               name: rank === 0 ? 'rank 1 (best)' : `rank ${rank + 1}`,
                                                               ...rankColour(rank, count()),
                                                               values: policies.map(({number}) => probability(number, rank))
                                                             }));
  return {
    id: `ranks-${r}`,
    source: sourceOf(r),
    shown: () => metricOf(r).decision !== null && count() > 1,
    title: () => `${letter(r)}How often does each policy come first, second, …?`,
    note: () => `${metricOf(r).title}, ${data.results[r].end}; equally good policies share their ranks`,
    key: () => [parts([])[0], parts([]).at(-1)].map(({name, color}) => areaKey(name, color, 1)),
    height: (width) => rowHeight(byRegret(r).length, width, false),
    option: (width) => stackedShares(width, byRegret(r), parts(byRegret(r))),
    label: () => `Probability of each rank on ${metricOf(r).title}. Best most often: ${
        byRegret(r)
            .map(({title, number}) => [title, probability(number, 0), metricOf(r).decision.rank_text[number * count()]])
            .sort((a, b) => b[1] - a[1])
            .slice(0, 3)
            .map(([title, , text]) => `${title} with ${text} percent`)
            .join(', ')}.`,
    table: () => ({
      caption: `${letter(r)}Percent of histories in which each policy has each rank on ${metricOf(r).title}; ± is half a 95 % interval`,
      header: ['Policy', ...parts([]).map(({name}) => name)],
      numeric: parts([]).map((_, i) => i + 1),
      rows: byRegret(r).map(
          ({title, number}) => [title, ...parts([]).map((_, rank) => metricOf(r).decision.rank_text[number * count() + rank])]),
    }),
  };
}

// ---- two results

function comparisonFigure() {
  const rows =
      () => [...state.policies]
                .sort((a, b) => a - b)
                .map((i) => ({title: data.policies[i].title, ...styleOf(i, data.policies[i].at[0] === data.results[0].reference), i}));
  const c = () => data.comparison[state.metric];
  return {
    id: 'comparison',
    source: `A: ${sourceOf(0)} B: ${sourceOf(1)}`,
    shown: () => Boolean(data.comparison),
    title: () => 'B less A',
    note: () => `Mean of ${metricOf(0).title}${inUnits(metricOf(0))}, ${
        data.results[0].end}. Error bars: 95 %, as for independent runs. ≈: cannot be told apart`,
    height: (width) => rowHeight(rows().length, width),
    option(width) {
      const all = rows(), t = theme(), [low, high] = extremes(all.flatMap(({i}) => [c().low[i], c().high[i], 0])),
            room = isNarrow(width) ? 0 : (high - low) * Math.min(0.9, 240 / width);
      return policyRows(width, all, ({i}) => c().text[i], {
        xAxis: axisStyle({
          ...niceAxis(low - (low < 0 ? room : 0), high + room, width / 110),
          ...valueName(`less in B ← difference${inUnits(metricOf(0))} → more in B`)
        }),
        tooltip: {
          ...baseOption().tooltip,
          trigger: 'item',
          formatter: ({dataIndex}) => {
            const {title, i} = all[dataIndex];
            return tooltipOf(title, [['A', c().text_a[i]], ['B', c().text_b[i]], ['B less A', c().text[i]]]);
          }
        },
        series: [
          whiskers(all.map(({i}, row) => [c().low[i], c().high[i], row]), t.ink), {
            type: 'scatter',
            id: 'points',
            z: 5,
            symbolSize: 10,
            itemStyle: {color: OKABE_ITO[0], opacity: 1},
            data: all.map(({i}, row) => [c().mean[i], row]),
            markLine:
                {silent: true, symbol: 'none', label: {show: false}, lineStyle: {color: t.ink, type: 'solid', width: 1}, data: [{xAxis: 0}]}
          },
          endTexts(all.map(({i}) => boundsOf(c(), i)), (row) => c().text[all[row].i], width)
        ],
      });
    },
    label: () => `Differences of the mean of ${metricOf(0).title} between the two results. ${
        rows().map(({title, i}) => `${title}: ${c().text[i]}`).join('; ')}.`,
    table: () => ({
      caption: `Mean of ${metricOf(0).title}${inUnits(metricOf(0))}, ${data.results[0].end}; ± is one standard error`,
      header: ['Policy', 'A', 'B', 'B less A'],
      numeric: [1, 2, 3],
      rows: rows().map(({title, i}) => [title, c().text_a[i], c().text_b[i], c().text[i]]),
    }),
  };
}
