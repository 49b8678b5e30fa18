// Controls of the page, and which figures stand where. SPDX-License-Identifier: Apache-2.0
'use strict';

function countPolicies() {
  byId('policy-count').textContent = `(${state.policies.size} of ${data.policies.length})`;
}

function choosePolicy(i, shown) {
  if (shown)
    state.policies.add(i);
  else
    state.policies.delete(i);
  const boxes = byId('policies').querySelectorAll('input');
  boxes.forEach((box) => {
    box.disabled = state.policies.size === 1 && box.checked;
  });  // one is left
  countPolicies();
  refreshAll();
}

function startBar() {
  byId('bar').hidden = false;
  byId('bar').addEventListener('submit', (event) => event.preventDefault());
  fillSelect(byId('metric'), data.results[0].metrics.map(({title}, value) => ({value, text: title})), state.metric);
  byId('policies').append(...data.policies.map(({title}, i) => {
    const box = element('input', {type: 'checkbox', checked: '', value: i});
    box.addEventListener('change', () => choosePolicy(i, box.checked));
    return element('label', {}, box, ` ${title}`);
  }));
  countPolicies();
}

// The list of policies goes away like a menu.
function startMenu() {
  const menu = document.querySelector('.choice');
  document.addEventListener('click', ({target}) => {
    if (!menu.contains(target)) menu.open = false;
  });
  menu.addEventListener('keydown', ({key}) => {
    if (key !== 'Escape') return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });
}

const chosenBy = (id, change) => byId(id).addEventListener('change', ({target}) => {
  change(target.value);
  refreshAll();
  noteUndecided();
});

function noteUndecided() {
  byId('undecided').hidden = metricOf(0).decision !== null;
}

function startCharts() {
  const largest = (e) => {  // the event that policies change most comes first
    const {share} = data.results[0].events[data.events[e].at[0]],
          ends = data.policies.map(({at}) => share[lastOf(0, at[0])]).filter(Number.isFinite);
    const [low, high] = extremes(ends);
    return ends.length === data.policies.length ? high - low : -1;
  };
  state.event = [...data.events.keys()].reduce((best, e) => (largest(e) > largest(best) ? e : best), 0);
  state.driverPolicy = Math.max(0, data.policies.findIndex(({at}) => at[0] === data.results[0].reference));
  fillSelect(byId('event'), data.events.map(({title, meaning}, value) => ({value, text: `${title}: ${meaning}`})), state.event);
  fillSelect(byId('driver-policy'), data.policies.map(({title}, value) => ({value, text: title})), state.driverPolicy);
  chosenBy('metric', (value) => {
    state.metric = Number(value);
  });
  chosenBy('layout', (value) => {
    state.layout = value;
  });
  chosenBy('event', (value) => {
    state.event = Number(value);
  });
  chosenBy('driver-policy', (value) => {
    state.driverPolicy = Number(value);
  });
  chosenBy('driver-kind', (value) => {
    state.driverKind = value;
  });
  const kinds = {
    fans: fanFigure,
    events: eventFigure,
    differences: differenceFigure,
    shares: shareFigure,
    regret: regretFigure,
    ranks: rankFigure,
    drivers: driverFigure
  };
  for (const [name, figureOf] of Object.entries(kinds)) {
    const place = document.querySelector(`[data-figure=${name}]`);
    data.results.forEach((_, r) => addFigure(place, figureOf(r)));
  }
  if (data.comparison) addFigure(document.querySelector('[data-figure=comparison]'), comparisonFigure());
  byId('events').hidden = data.events.length === 0;
  byId('drivers').hidden = data.results.every(({drivers}) => drivers.length === 0);
  byId('decision').hidden = data.policies.length < 2;
  byId('differences').hidden = data.policies.length < 2;
  noteUndecided();
}

// The assumptions in which every word is found.
function startFilter() {
  const rows = [...document.querySelectorAll('#assumptions tbody tr')], filter = byId('filter');
  if (!filter) return;
  byId('filter-label').hidden = false;
  filter.addEventListener('input', () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
    byId('filter-count').textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  });
}

// The configuration as a file.
function startDownloads() {
  for (const button of document.querySelectorAll('button[data-download]')) {
    button.hidden = false;
    button.addEventListener('click', () => {
      const url = URL.createObjectURL(new Blob([byId(button.dataset.download).textContent], {type: 'application/toml'}));
      element('a', {href: url, download: button.dataset.name}).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    });
  }
}

startBar();
startMenu();
startCharts();
startExploring();
startFilter();
startDownloads();
