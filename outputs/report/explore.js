// The stored histories as points: two axes out of parameters, outcomes, differences and events; a rectangle selects some of them.
// The rectangle is the same whether it is dragged or typed. SPDX-License-Identifier: Apache-2.0
'use strict';

const explore = {
  result: 0,
  policy: 0,
  x: '',
  y: '',
  range: null
};  // range: [[x low, x high], [y low, y high]]
const MOST_LISTED = 12, MOST_APART = 10, MOST_IN_TABLE = 20;

// ---- values

const unpack = (base64, Type) => new Type(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);

// Unpacked when they are first looked at.
const unpacked = data.results.map(() => null);
function sampleOf(r) {
  const {sample} = data.results[r];
  unpacked[r] ??= {
    count: sample.trajectories.length,
    parameters: unpack(sample.parameter_values, Float32Array),
    metrics: unpack(sample.metric_values, Float32Array),
    months: unpack(sample.event_month, sample.month_bytes === 1 ? Uint8Array : Uint16Array)
  };
  return unpacked[r];
}

// The values of a variable, "kind:number", under the policy that is looked at; NaN: never, or not finite.
function valuesOf(variable, r = explore.result) {
  const [kind, number] = variable.split(':'), i = Number(number), {count, parameters, metrics, months} = sampleOf(r);
  const policies = data.results[r].policies.length, policy = data.policies[explore.policy].at[r];
  const row = (all, at) => all.subarray(at * count, (at + 1) * count);
  if (kind === 'parameter') return row(parameters, i);
  if (kind === 'metric') return row(metrics, i * policies + policy);
  if (kind === 'difference') {
    const base = row(metrics, i * policies + data.results[r].reference);
    return row(metrics, i * policies + policy).map((x, t) => x - base[t]);
  }
  const event = data.events[i].at[r];
  return Float32Array.from(row(months, policy * data.results[r].events.length + event), (month) => (month === 0 ? NaN : month / 12));
}

function describeVariable(variable) {
  const [kind, number] = variable.split(':'), i = Number(number), result = data.results[explore.result];
  if (kind === 'parameter')
    return {title: result.sample.parameters[i].replaceAll('_', ' '), units: result.sample.units[i] === '1' ? '' : result.sample.units[i]};
  if (kind === 'event') return {title: `${data.events[i].title}, years from the start`, units: ''};
  const {title, units, log} = result.metrics[i];
  return kind === 'metric' ? {title, units, log} : {title: `${title}, difference from ${referenceTitle(explore.result)}`, units};
}
const axisTitle = (variable) => {
  const {title, units} = describeVariable(variable);
  return units ? `${title}, ${units}` : title;
};

function variableGroups() {
  const result = data.results[explore.result];
  const options = (kind, items, text) => items.map((item, i) => ({value: `${kind}:${i}`, text: text(item)}));
  return [
    ['Outcomes at the end', options('metric', result.metrics, ({title}) => title)],
    [`Differences from ${referenceTitle(explore.result)}`, options('difference', result.metrics, ({title}) => `${title}, difference`)],
    ['Years to events', options('event', data.events, ({title}) => title)],
    ['Parameters', options('parameter', result.sample.parameters, (name) => name.replaceAll('_', ' '))]
  ];
}

// ---- points and selection

// Those that both axes know: [x, y, number of the trajectory].
function points() {
  const x = valuesOf(explore.x), y = valuesOf(explore.y), {trajectories} = data.results[explore.result].sample;
  return trajectories.map((number, t) => [x[t], y[t], number, t]).filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
}

function selectedPoints() {
  if (!explore.range) return [];
  const [[x0, x1], [y0, y1]] = explore.range;
  return points().filter(([x, y]) => x >= x0 && x <= x1 && y >= y0 && y <= y1);
}

const mean = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;
const deviation = (values, centre) => Math.sqrt(values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (values.length - 1));
const meanText = (values) => {
  const centre = mean(values), error = deviation(values, centre) / Math.sqrt(values.length);
  return error > 0 ? `${roundToError(centre, error)} ± ${roundToError(error, error)}` : fourDigits(centre);
};

// How far the mean of each parameter among the selected is from that of all, in standard deviations: the farthest first.
function parametersApart() {
  const selected = selectedPoints().map(([, , , t]) => t), {sample} = data.results[explore.result];
  if (selected.length < 2) return [];
  return sample.parameters
      .map((name, i) => {
        const all = valuesOf(`parameter:${i}`), centre = mean(all), spread = deviation(all, centre);
        return {name: name.replaceAll('_', ' '), shift: (mean(selected.map((t) => all[t])) - centre) / spread};
      })
      .sort((a, b) => Math.abs(b.shift) - Math.abs(a.shift))
      .slice(0, MOST_APART);
}

// Shifts of this size come by luck in one selection of twenty, whichever of the parameters is looked at.
function shiftByLuck() {
  const n = selectedPoints().length, {count} = sampleOf(explore.result), parameters = data.results[explore.result].sample.parameters.length;
  return Math.sqrt(2 * Math.log(20 * parameters)) * Math.sqrt((1 - n / count) / n);
}

function sayWhatIsSelected() {
  const all = points(), selected = selectedPoints(), {count} = sampleOf(explore.result), replay = byId('replay');
  const missing = count - all.length,
        left = missing > 0 ?
      ` ${missing} of the ${count} stored histories have no place in the chart: one of the two never happens there.` :
      '';
  replay.hidden = selected.length === 0;
  if (!explore.range) {
    byId('selection').textContent = `Nothing is selected: ${all.length} histories.${left}`;
    return;
  }
  const share = (100 * selected.length / count).toFixed(1),
        means = (axis) =>
            (selected.length ? `${meanText(selected.map((p) => p[axis]))}, of all ${meanText(all.map((p) => p[axis]))}` : 'none');
  byId('selection').textContent = `Selected: ${selected.length} of ${count} stored histories (${share} %). Mean of ${
                                      describeVariable(explore.x).title}: ${means(0)}. ` +
      `Mean of ${describeVariable(explore.y).title}: ${means(1)}.${left}`;
  const numbers = selected.map(([, , number]) => number), policy = data.policies[explore.policy].name,
        reference = data.results[explore.result].policies[data.results[explore.result].reference].name;
  replay.textContent = selected.length === 0 ? '' :
                                               `# trajectories ${numbers.slice(0, MOST_LISTED).join(', ')}${
                                                   numbers.length > MOST_LISTED ? ', …' : ''}; the first of them month by month:\n` +
          `chokepoint replay ${data.results[explore.result].file} --trajectory ${numbers[0]} --policy ${
                                                   policy === reference ? policy : `${policy},${reference}`}`;
}

// ---- charts

function pointAxis(values, log, steps) {
  const [low, high] = extremes([...values]);
  return log && low > 0 ? niceLogAxis(low, high) : niceAxis(low, high, steps);
}

const scatterFigure = () => ({
  id: 'scatter',
  get source() {
    return sourceOf(explore.result);
  },
  title: () => `${describeVariable(explore.y).title} and ${describeVariable(explore.x).title}`,
  note: () => `${letter(explore.result)}${points().length} stored histories under ${data.policies[explore.policy].title}`,
  height: (width) => Math.max(300, Math.min(480, width * 0.55)),
  option(width) {
    const all = points(), t = theme(), x = pointAxis(all.map((p) => p[0]), describeVariable(explore.x).log, width / 110),
          y = pointAxis(all.map((p) => p[1]), describeVariable(explore.y).log, 6);
    return {
      grid: {left: 70, right: 20, top: 12, bottom: 48},
      xAxis: axisStyle({...x, ...valueName(axisTitle(explore.x)), axisLine: {show: true, onZero: false, lineStyle: {color: t.quiet}}}),
      yAxis: axisStyle({...y, name: axisTitle(explore.y), nameLocation: 'middle', nameGap: 48}),
      tooltip: {
        ...baseOption().tooltip,
        trigger: 'item',
        formatter: ({value: [a, b, number]}) =>
            tooltipOf(`Trajectory ${number}`, [[axisTitle(explore.x), fourDigits(a)], [axisTitle(explore.y), fourDigits(b)]])
      },
      brush: {
        xAxisIndex: 0,
        yAxisIndex: 0,
        transformable: true,
        brushStyle: {borderWidth: 1.5, color: 'rgba(213,94,0,0.08)', borderColor: OKABE_ITO[1]},
        inBrush: {color: OKABE_ITO[1], opacity: 0.9},
        outOfBrush: {color: t.dark ? '#4F9FD6' : OKABE_ITO[0], opacity: 0.3},
        throttleType: 'debounce',
        throttleDelay: 60
      },
      toolbox: {show: false},
      series: [{
        type: 'scatter',
        id: 'points',
        data: all,
        symbolSize: 5,
        itemStyle: {color: t.dark ? '#4F9FD6' : OKABE_ITO[0], opacity: explore.range ? 1 : 0.55}
      }],
    };
  },
  drawn(chart) {
    chart.off('brushEnd');
    chart.on('brushEnd', ({areas}) => {
      if (areas.length) select(areas[0].coordRange.map(([a, b]) => [Math.min(a, b), Math.max(a, b)]), true);
    });
    offerBrush(chart);
    showBrush(chart);
  },
  label: () => `Scatter plot of ${points().length} stored histories: ${axisTitle(explore.y)} against ${axisTitle(explore.x)} under ${
      data.policies[explore.policy].title}. The ranges below select points without a mouse.`,
  table: () => ({
    caption: explore.range ? `The selected histories, at most ${MOST_IN_TABLE}` : `The first ${MOST_IN_TABLE} histories`,
    header: ['Trajectory', axisTitle(explore.x), axisTitle(explore.y)],
    numeric: [1, 2],
    rows: (explore.range ? selectedPoints() : points()).slice(0, MOST_IN_TABLE).map(([
                                                                                      x, y, number
                                                                                    ]) => [`${number}`, fourDigits(x), fourDigits(y)]),
  }),
});

const apartFigure = () => ({
  id: 'apart',
  get source() {
    return sourceOf(explore.result);
  },
  shown: () => parametersApart().length > 0,
  title: () => 'What sets the selected histories apart',
  note: () =>
      'Mean of a parameter among the selected less that among all, in standard deviations. Between the dashed lines luck is enough to explain it',
  height: () => parametersApart().length * 26 + 56,
  option(width) {
    const all = parametersApart(), luck = shiftByLuck(), t = theme(), room = Math.min(210, width * 0.34),
          [low, high] = extremes([...all.map(({shift}) => shift), -luck, luck]);
    return {
      grid: {left: room + 8, right: 24, top: 8, bottom: 44},
      yAxis: {
        type: 'category',
        inverse: true,
        data: all.map(({name}) => name),
        axisTick: {show: false},
        axisLine: {show: false},
        axisLabel: {color: t.ink, width: room, overflow: 'break'}
      },
      xAxis: axisStyle({...niceAxis(low, high, width / 110), ...valueName('lower among the selected ← shift → higher')}),
      tooltip: {
        ...baseOption().tooltip,
        trigger: 'axis',
        axisPointer: {type: 'shadow'},
        formatter: ([{dataIndex}]) => tooltipOf(all[dataIndex].name, [['shift', fourDigits(all[dataIndex].shift)]])
      },
      series: [{
        type: 'bar',
        id: 'points',
        barWidth: 14,
        data: all.map(({shift}) => ({value: shift, itemStyle: {color: Math.abs(shift) > luck ? OKABE_ITO[1] : t.quiet}})),
        markLine: {
          silent: true,
          symbol: 'none',
          label: {show: false},
          lineStyle: {color: t.ink, type: [4, 3], width: 1},
          data: [{xAxis: -luck}, {xAxis: luck}]
        }
      }],
    };
  },
  label: () => `Parameters whose mean among the selected differs most from that of all histories, in standard deviations. ${
      parametersApart().slice(0, 5).map(({name, shift}) => `${name}: ${fourDigits(shift)}`).join('; ')}.`,
  table: () => ({
    caption: 'Shift of parameters among the selected histories',
    header: ['Parameter', 'shift in standard deviations'],
    numeric: [1],
    rows: parametersApart().map(({name, shift}) => [name, fourDigits(shift)])
  }),
});

// ---- controls

const RANGE_INPUTS = ['x-low', 'x-high', 'y-low', 'y-high'];
let exploreFigures = [];

// The brush stands for dragging; while it is on, a finger on the chart does not scroll the page.
function offerBrush(chart) {
  const on = byId('brush').getAttribute('aria-pressed') === 'true';
  chart.dispatchAction({type: 'takeGlobalCursor', key: 'brush', brushOption: {brushType: on ? 'rect' : false, brushMode: 'single'}});
}

function showBrush(chart) {
  const areas = explore.range ? [{brushType: 'rect', xAxisIndex: 0, yAxisIndex: 0, coordRange: explore.range}] : [];
  chart.dispatchAction({type: 'brush', areas});
}

function select(range, dragged = false) {
  explore.range = range;
  RANGE_INPUTS.forEach((id, i) => {
    byId(id).value = range ? Number(range[i >> 1][i & 1].toPrecision(6)) : '';
  });
  sayWhatIsSelected();
  const [scatter, apart] = exploreFigures;
  if (dragged)
    fillTable(scatter);
  else
    refresh(scatter);
  refresh(apart);
}

// A bound that is left open is that of the points.
function selectTyped() {
  const typed = RANGE_INPUTS.map((id) => byId(id).value);
  if (typed.every((text) => text === '')) return select(null);
  const all = points(), ends = [extremes(all.map((p) => p[0])), extremes(all.map((p) => p[1]))].flat();
  const [a, b, c, d] = typed.map((text, i) => (text === '' ? ends[i] : Number(text)));
  explore.range = [[Math.min(a, b), Math.max(a, b)], [Math.min(c, d), Math.max(c, d)]];
  sayWhatIsSelected();
  exploreFigures.forEach(refresh);
}

function fillVariables() {
  const groups = variableGroups();
  for (const axis of ['x', 'y']) {
    const select = byId(`sample-${axis}`);
    select.replaceChildren(...groups.map(
        ([label, options]) => element('optgroup', {label}, ...options.map(({value, text}) => element('option', {value}, text)))));
    select.value = explore[axis];
  }
}

function startExploring() {
  const first = data.results.findIndex(({sample}) => sample);
  byId(first < 0 ? 'no-sample' : 'explorer').hidden = false;
  if (first < 0) return;
  const {metrics, drivers, sample} = data.results[first],
                           reference = data.policies.findIndex(({at}) => at[first] === data.results[first].reference);
  explore.result = first;
  explore.policy = Math.max(0, reference);
  explore.y = 'metric:0';
  const driver = metrics[0].drivers?.own[data.policies[explore.policy].at[first]][0]?.[0];
  explore.x = sample.parameters.length ? `parameter:${Math.max(0, sample.parameters.indexOf(drivers[driver]))}` : 'metric:0';
  byId('sample-result-label').hidden = !several;
  fillSelect(
      byId('sample-result'),
      data.results.map(({title, sample: has}, value) => ({value, text: `${letter(value)}${title}`, has})).filter(({has}) => has), first);
  fillSelect(byId('sample-policy'), data.policies.map(({title}, value) => ({value, text: title})), explore.policy);
  fillVariables();
  exploreFigures = [
    addFigure(document.querySelector('[data-figure=scatter]'), scatterFigure()),
    addFigure(document.querySelector('[data-figure=apart]'), apartFigure())
  ];
  const choose = (id, change) => byId(id).addEventListener('change', ({target}) => {
    change(target.value);
    select(null);
  });
  choose('sample-result', (value) => {
    explore.result = Number(value);
    explore.x = explore.y = 'metric:0';
    fillVariables();
  });
  choose('sample-policy', (value) => {
    explore.policy = Number(value);
  });
  choose('sample-x', (value) => {
    explore.x = value;
  });
  choose('sample-y', (value) => {
    explore.y = value;
  });
  RANGE_INPUTS.forEach((id) => byId(id).addEventListener('change', selectTyped));
  byId('clear').addEventListener('click', () => select(null));
  byId('brush').setAttribute('aria-pressed', matchMedia('(pointer: fine)').matches);
  byId('brush').addEventListener('click', ({target}) => {
    target.setAttribute('aria-pressed', target.getAttribute('aria-pressed') !== 'true');
    if (exploreFigures[0].chart) offerBrush(exploreFigures[0].chart);
  });
  sayWhatIsSelected();
}
