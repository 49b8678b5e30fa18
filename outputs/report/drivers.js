// What drives the outcome: the parameters with the largest indices, and the mean at their ends. SPDX-License-Identifier: Apache-2.0
'use strict';

function driverFigure(r) {
  const result = data.results[r], policy = () => data.policies[state.driverPolicy].at[r];
  const rows = () =>
      (metricOf(r).drivers ? metricOf(r).drivers[state.driverKind][policy()] : []).map(([driver, index, error, text, low, high]) => ({
                                                                                         name: result.drivers[driver],
                                                                                         index,
                                                                                         low95: Math.max(0, index - 1.96 * error),
                                                                                         high95: index + 1.96 * error,
                                                                                         text,
                                                                                         low,
                                                                                         high
                                                                                       }));
  const what = () => (state.driverKind === 'own' ? metricOf(r).title : `${metricOf(r).title}, difference from ${referenceTitle(r)},`);
  const readable = (name) => name.replaceAll('_', ' ');
  return {
    id: `drivers-${r}`,
    source: sourceOf(r),
    shown: () => rows().length > 0,
    title: () => `${letter(r)}What drives ${what()} under ${data.policies[state.driverPolicy].title}`,
    note: () => `${result.end}. Left: percent of the variance that a parameter explains alone, with 95 % error bars. Right: mean${
        inUnits(metricOf(r))} where the parameter is in its lowest and in its highest eighth`,
    key: () => [keyItem('○', 'lowest eighth'), keyItem('●', 'highest eighth')],
    height: (width) => (width < WIDE ? 2 : 1) * (rows().length * 26 + 60),
    option(width) {
      const all = rows(), t = theme(), narrow = width < WIDE, room = Math.min(230, width * 0.36), half = all.length * 26 + 60;
      const leftWidth = narrow ? width - room - 76 : (width - room) * 0.45,
            category = (i, show) => ({
              type: 'category',
              gridIndex: i,
              inverse: true,
              data: all.map(({name}) => readable(name)),
              axisTick: {show: false},
              axisLine: {show: false},
              axisLabel: {show, color: t.ink, fontSize: 12, width: room, overflow: 'break', lineHeight: 13}
            });
      const [low, high] = extremes(all.flatMap((row) => [row.low, row.high])), second = {xAxisIndex: 1, yAxisIndex: 1};
      const dots = (key, symbol) => ({
        type: 'scatter',
        id: key,
        symbol,
        symbolSize: 9,
        z: 5,
        ...second,
        itemStyle: {color: OKABE_ITO[1], opacity: 1},
        data: all.map((row, i) => [row[key], i])
      });
      return {
        grid: [
          {left: room + 8, width: leftWidth, top: 8, height: half - 56},
          narrow ? {left: room + 8, right: 20, top: half + 8, height: half - 56} :
                   {left: room + 8 + leftWidth + 70, right: 20, top: 8, height: half - 56}
        ],
        xAxis: [
          axisStyle({
            ...niceAxis(0, Math.max(...all.map((row) => row.high95)), leftWidth / 90),
            ...valueName('share of the variance'),
            axisLabel: {formatter: (x) => `${shortNumber(100 * x)} %`}
          }),
          {...axisStyle({...niceAxis(low, high, leftWidth / 90), ...valueName(`mean${inUnits(metricOf(r))}`)}), gridIndex: 1}
        ],
        yAxis: [category(0, true), category(1, narrow)],
        tooltip: {
          ...baseOption().tooltip,
          trigger: 'axis',
          axisPointer: {type: 'shadow'},
          formatter: ([{dataIndex}]) => {
            const row = all[dataIndex];
            return tooltipOf(readable(row.name), [
              ['share of the variance, % ± se', row.text], ['mean, lowest eighth', fourDigits(row.low)],
              ['mean, highest eighth', fourDigits(row.high)]
            ]);
          }
        },
        series: [
          {
            type: 'bar',
            id: 'points',
            barWidth: 14,
            itemStyle: {color: OKABE_ITO[0]},
            data: all.map(({index}) => index),
            label: {
              show: !narrow || width > 420,
              position: 'right',
              distance: 12,
              color: t.quiet,
              fontSize: 11,
              formatter: ({dataIndex}) => all[dataIndex].text
            }
          },
          whiskers(all.map((row, i) => [row.low95, row.high95, i]), t.ink),
          whiskers(all.map((row, i) => [Math.min(row.low, row.high), Math.max(row.low, row.high), i]), OKABE_ITO[1], second),
          dots('low', 'emptyCircle'), dots('high', 'circle')
        ],
      };
    },
    label: () => `The parameters that explain most of the variance of ${what()} under ${data.policies[state.driverPolicy].title}, alone. ${
        rows().slice(0, 5).map(({name, text}) => `${readable(name)}: ${text} percent`).join('; ')}.`,
    table: () => ({
      caption: `${letter(r)}First-order indices of ${what()} under ${data.policies[state.driverPolicy].title}, ${result.end}, and means${
          inUnits(metricOf(r))} at both ends of the parameter`,
      header: ['Parameter', '% of the variance ± se', 'mean, lowest eighth', 'mean, highest eighth'],
      numeric: [1, 2, 3],
      rows: rows().map(({name, text, low, high}) => [name, text, fourDigits(low), fourDigits(high)]),
    }),
  };
}
