#!/usr/bin/python3
# The page that `chokepoint report` makes, in a real browser: it draws, its numbers are those of the file, its controls work.
# Usage: test_report.py CHOKEPOINT CONFIGS. SPDX-License-Identifier: Apache-2.0
import base64
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from chromium import Browser

try:
    import h5py
    import numpy
except ImportError:
    print("skipped: python3-h5py is not installed")
    sys.exit(77)

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

CHARTS = ["fans-0", "events-0", "differences-0", "shares-0", "regret-0", "ranks-0", "drivers-0", "scatter"]
HOSTILE = '</script><script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">{a|b}'
with open(os.path.join(os.path.dirname(__file__), "../../outputs/report/report.html")) as template:
    OWN_SCRIPTS = template.read().count("<script")  # the data among them
COLUMNS = [0.05, 0.25, 0.5, 0.75, 0.95]


def setUpModule():
    global browser, folder, page, result
    browser = Browser()
    folder = tempfile.mkdtemp()
    result = run("one")
    page = report("page.html", result)


def tearDownModule():
    browser.close()
    shutil.rmtree(folder, ignore_errors=True)


def chokepoint(*arguments):
    return subprocess.run([PROGRAM, *arguments], check=True, capture_output=True, text=True).stdout


def run(name, *options, configuration="smoke.toml"):
    out = os.path.join(folder, name + ".h5")
    chokepoint("run", os.path.join(CONFIGS, configuration), "--device", "cpu", "-o", out, *options)
    return out


def report(name, *arguments):
    out = os.path.join(folder, name)
    chokepoint("report", *arguments, "-o", out)
    return out


def agrees(text, value, error):
    """Whether a text shows the value rounded to a place of the size of the error."""
    text = text.replace("−", "-")
    number = re.match(r"[≈★<> ]*(-?[\d.]+(e[+-]\d+)?)", text)
    if not number or not math.isfinite(value):
        return not math.isfinite(value)
    if text.strip().startswith(("<", ">")):  # a share of 0 or 1: bounded by its interval
        return value in (0, 100)
    unit = 10 ** math.floor(math.log10(error)) if error > 1e-15 * abs(value) else 1e-5 * abs(value)
    return abs(float(number[1]) - value) <= 0.5001 * unit + 1e-9 * abs(value)


class Page(unittest.TestCase):
    path = None

    def setUp(self):
        browser.open(self.path or page)
        self.addCleanup(self.check_console)

    def check_console(self):
        self.assertEqual(browser.console(), [])

    def choose(self, control, value):
        """Sets a control as a user would, with its event."""
        browser.run("const c = document.getElementById(arguments[0]); c.value = arguments[1]; "
                    "c.dispatchEvent(new Event('change', {bubbles: true}))", control, str(value))

    def draw_all(self):
        browser.run("figures.forEach((figure) => { if (!figure.chart) draw(figure); })")

    def draw_only(self, *charts):
        """No other chart comes into view."""
        browser.run("arrivals.disconnect(); figures.forEach((figure) => { if (figure.chart) { figure.chart.dispose(); figure.chart = null; } "
                    "if (arguments[0].includes(figure.box.id)) draw(figure); })", charts)

    def series(self, chart):
        """The series of a chart that hold results, by their ids."""
        found = browser.run("return echarts.getInstanceByDom(document.getElementById(arguments[0])).getOption().series"
                            ".filter((s) => s.id && (s.id === 'points' || s.id.includes(':'))).map((s) => [s.id, s.data])", chart)
        return dict(found)

    def table(self, chart):
        """Rows of the table behind a chart, as texts."""
        return browser.run("const d = document.getElementById(arguments[0]).closest('.figure').querySelector('details'); d.open = true; "
                           "fillTable(figures.find((f) => f.details === d)); "
                           "return [...d.querySelectorAll('tr')].map((row) => [...row.cells].map((cell) => cell.textContent))", chart)

    def metrics(self):
        return browser.run("return data.results[0].metrics.map(({name}) => name)")


class Opens(Page):
    def test_every_chart_is_drawn_when_it_is_seen(self):
        drawn = "return figures.filter((f) => !f.root.hidden && f.chart).length"
        total = browser.run("return figures.filter((f) => !f.root.hidden).length")
        self.assertLess(browser.run(drawn), total)
        for name in CHARTS:
            browser.run("document.getElementById(arguments[0]).scrollIntoView()", name)
            WebDriverWait(browser.driver, 10).until(lambda _: browser.run("return Boolean(figures.find((f) => f.box.id === arguments[0]).chart)", name))
        self.assertEqual(browser.run(drawn), total)
        browser.run("figures.forEach(({chart}) => chart && chart.getZr().flush())")
        for name in CHARTS:
            shapes = browser.run("return document.querySelectorAll(`#${arguments[0]} svg path`).length", name)
            self.assertGreater(shapes, 10, name)

    def test_it_is_small_and_loads_nothing(self):
        size = os.path.getsize(page)
        self.assertLess(size, 5_000_000)
        self.assertEqual(browser.run("return performance.getEntriesByType('resource').length"), 0)
        timing = browser.run("const n = performance.getEntriesByType('navigation')[0]; return [n.responseEnd, n.loadEventEnd]")
        print(f"page of {size / 1e6:.1f} MB: read after {timing[0]:.0f} ms, ready after {timing[1]:.0f} ms")

    def test_its_answer_comes_first_and_names_the_best(self):
        headings = browser.run("return [...document.querySelectorAll('h1, h2')].map((h) => h.textContent)")
        self.assertEqual(headings[0], "Smoke test")
        self.assertIn("Which of 10 policies is best", headings[1])
        with h5py.File(result) as file:
            best = file["decision/capability_lag_winner_seen"].attrs["policy"]
            best = best.decode() if isinstance(best, bytes) else best
            titles = dict(zip(file["policy"].asstr()[:], file["policy_title"].asstr()[:]))
            mean = file["capability_lag_mean"][list(titles).index(best), -1]
            error = file["capability_lag_mean_se"][list(titles).index(best), -1]
        finding = browser.run("return document.querySelector('.findings li').textContent")
        self.assertIn(f"“{titles[best]}”", finding)
        self.assertTrue(agrees(re.search(r"”, ([\d.-]+) months", finding)[1], mean, error), finding)


    def test_nothing_moves_when_charts_are_drawn(self):
        places = "return figures.filter((f) => !f.root.hidden).map((f) => Math.round(f.box.getBoundingClientRect().top + scrollY))"
        before = browser.run(places)
        self.draw_all()
        self.assertEqual(browser.run(places), before)


class Numbers(Page):
    def setUp(self):
        super().setUp()
        self.file = h5py.File(result)
        self.addCleanup(self.file.close)
        self.policies = len(self.file["policy"])
        self.reference = list(self.file["policy"].asstr()[:]).index("status_quo")
        self.quantiles = [list(numpy.round(self.file["quantile"][:], 6)).index(q) for q in COLUMNS]

    def close(self, got, wanted):
        numpy.testing.assert_allclose(numpy.array(got, float), wanted, rtol=5.1e-7, atol=1e-12)  # seven digits

    def test_fans(self):
        self.draw_only("fans-0")
        for i, name in enumerate(self.metrics()):
            self.choose("metric", i)
            quantile, bounds = self.file[name + "_quantile"][:], self.file[name + "_quantile_bounds"][:]
            mean, error = self.file[name + "_mean"][:], self.file[name + "_mean_se"][:]
            series = self.series("fans-0")
            for p in range(self.policies):
                points = series[f"median:{p}"]
                self.close([x for x, _ in points], self.file["year"][:])
                self.close([y for _, y in points], quantile[p, :, self.quantiles[2]])
            times = browser.run("return data.results[0].text_times")
            rows = self.table("fans-0")[1:]
            self.assertEqual(len(rows), self.policies * len(times))
            places = [(p, t) for p in range(self.policies) for t in times]
            for row, (p, t) in zip(rows, places):
                for q, cell in zip(self.quantiles, row[2:7]):
                    half = (bounds[p, t, q, 1] - bounds[p, t, q, 0]) / 2
                    self.assertTrue(agrees(cell, quantile[p, t, q], half), (name, row))
                self.assertTrue(agrees(row[7], mean[p, t], error[p, t]), (name, row))
            # What the page works out itself is rounded by the same rule.
            pairs = [[mean[p, t], error[p, t], row[7].split(" ± ")[0]] for row, (p, t) in zip(rows, places) if "±" in row[7]]
            rounded = browser.run("return arguments[0].map(([x, error]) => roundToError(x, error))", pairs)
            self.assertEqual(rounded, [text for _, _, text in pairs], name)

    def test_events(self):
        self.draw_only("events-0")
        titles = list(self.file["policy_title"].asstr()[:])
        times = browser.run("return data.results[0].text_times")
        for e in range(len(self.file["event"])):
            self.choose("event", e)
            share, bounds = self.file["event_cdf"][:, e], self.file["event_cdf_bounds"][:, e]
            series = self.series("events-0")
            for p in range(self.policies):
                self.close([math.nan if y is None else y for _, y in series[f"median:{p}"][1:]], share[p])
            for row in self.table("events-0")[1:]:
                p = titles.index(row[0])
                for t, cell in zip(times, row[1:]):
                    self.assertTrue(agrees(cell, 100 * share[p, t], 50 * (bounds[p, t, 1] - bounds[p, t, 0])), (e, row))

    def test_differences_regret_and_ranks(self):
        self.draw_only("differences-0", "regret-0", "ranks-0")
        titles = list(self.file["policy_title"].asstr()[:])
        for i, name in enumerate(self.metrics()):
            self.choose("metric", i)
            mean, error = (self.file[f"paired/{name}_mean_difference{end}"][:, -1] for end in ("", "_se"))
            rows = self.table("differences-0")[1:]
            order = [titles.index(row[0]) for row in rows]
            self.assertEqual(sorted(order), [p for p in range(self.policies) if p != self.reference])
            direction = self.file[name + "_mean"].attrs["direction"]
            direction = direction.decode() if isinstance(direction, bytes) else direction
            sign = 1 if direction == "lower" else -1
            self.assertTrue(all(sign * mean[a] <= sign * mean[b] for a, b in zip(order, order[1:])), name)
            self.close([point[0] for point in self.series("differences-0")["points"]], mean[order])
            for row, p in zip(rows, order):
                self.assertTrue(agrees(row[1], mean[p], error[p]), (name, row))
                self.assertEqual("≈" in row[1], not abs(mean[p]) > 1.959963984540054 * error[p], (name, row))
            hidden = browser.run("return document.getElementById('regret-0').closest('.figure').hidden")
            self.assertEqual(hidden, direction == "none")
            if direction == "none":
                continue
            better = self.file[f"paired/{name}_probability_better"][:, -1]
            for row in rows:
                self.assertTrue(agrees(row[3], 100 * better[titles.index(row[0])], 100 / math.sqrt(2000)) or "<" in row[3] or ">" in row[3], (name, row))
            regret, regret_error = self.file[f"decision/{name}_regret_mean"][:], self.file[f"decision/{name}_regret_mean_se"][:]
            rows = self.table("regret-0")[1:]
            order = [titles.index(row[0]) for row in rows]
            self.assertTrue(all(regret[a] <= regret[b] for a, b in zip(order, order[1:])), name)
            self.close([bar["value"] for bar in self.series("regret-0")["points"]], regret[order])
            for row, p in zip(rows, order):
                self.assertTrue(agrees(row[1], regret[p], regret_error[p]), (name, row))
            ranks = self.file[f"decision/{name}_rank_probability"][:]
            stacks = browser.run("return echarts.getInstanceByDom(document.getElementById('ranks-0')).getOption().series.map(({data}) => data)")
            self.close(numpy.array(stacks).T, ranks[order])

    def test_drivers(self):
        self.draw_only("drivers-0")
        drivers = list(self.file["sensitivity/driver"].asstr()[:])
        for metric, name in list(enumerate(self.metrics()))[:6]:
            self.choose("metric", metric)
            for policy in (self.reference, 1):
                self.choose("driver-policy", policy)
                for kind, dataset in (("own", "first_order"), ("difference", "difference_first_order")):
                    self.choose("driver-kind", kind)
                    index, error = (self.file[f"sensitivity/{name}_{dataset}{end}"][policy, -1] for end in ("", "_se"))
                    if kind == "difference" and policy == self.reference:
                        self.assertTrue(browser.run("return document.getElementById('drivers-0').closest('.figure').hidden"))
                        continue
                    rows = self.table("drivers-0")[1:]
                    order = [drivers.index(row[0]) for row in rows]
                    self.assertEqual(len(rows), min(12, sum(index > 0)))
                    self.assertEqual(order, list(numpy.argsort(-numpy.nan_to_num(index), kind="stable")[:len(order)]))
                    self.close(self.series("drivers-0")["points"], index[order])
                    for row, d in zip(rows, order):
                        self.assertTrue(agrees(row[1], 100 * index[d], 100 * error[d]), (name, row))


class Controls(Page):
    def test_policies_and_layout(self):
        self.draw_all()
        boxes = browser.driver.find_elements(By.CSS_SELECTOR, "#policies input")
        browser.driver.find_element(By.CSS_SELECTOR, ".choice summary").click()
        for box in boxes[2:]:
            box.click()
        self.assertEqual(sorted(self.series("fans-0")), ["median:0", "median:1"])
        self.assertEqual(len(self.table("regret-0")), 3)
        boxes[0].click()
        self.assertFalse(boxes[1].is_enabled(), "the last policy cannot be taken away")
        Select(browser.driver.find_element(By.ID, "layout")).select_by_value("overlay")
        self.assertEqual(sorted(self.series("fans-0")), ["median:1"])
        self.assertEqual(browser.run("return echarts.getInstanceByDom(document.getElementById('fans-0')).getOption().grid.length"), 1)

    def test_keyboard_alone(self):
        self.draw_all()
        keys = lambda *pressed: ActionChains(browser.driver).send_keys(*pressed).perform()
        focused = lambda: browser.run("return document.activeElement.id || document.activeElement.className || document.activeElement.tagName")
        keys(Keys.TAB)
        self.assertEqual(focused(), "skip")
        seen = []
        while focused() != "metric" and len(seen) < 20:
            keys(Keys.TAB)
            seen.append(focused())
        self.assertEqual(focused(), "metric", seen)
        title = browser.run("return figures[0].title.textContent")
        keys(Keys.ARROW_DOWN)
        self.assertNotEqual(browser.run("return figures[0].title.textContent"), title)
        keys(Keys.TAB, Keys.ENTER, Keys.TAB, Keys.SPACE)
        self.assertEqual(browser.run("return document.getElementById('policy-count').textContent"), "(9 of 10)")
        outline = browser.run("return getComputedStyle(document.activeElement).outlineWidth")
        self.assertEqual(outline, "3px")
        keys(Keys.ESCAPE)
        self.assertEqual(focused(), "SUMMARY")
        self.assertFalse(browser.run("return document.querySelector('.choice').open"))
        browser.run("document.getElementById('x-low').focus()")
        keys("0", Keys.TAB, "1000000", Keys.TAB)
        self.assertIn("Selected: 200 of 200", browser.run("return document.getElementById('selection').textContent"))

    def test_filter_of_assumptions(self):
        field = browser.driver.find_element(By.ID, "filter")
        field.send_keys("smuggl epoch")
        shown = browser.run("return [...document.querySelectorAll('#assumptions tbody tr')].filter((r) => !r.hidden).map((r) => r.textContent.toLowerCase())")
        self.assertGreater(len(shown), 0)
        self.assertLess(len(shown), 20)
        self.assertTrue(all("smuggl" in text and "epoch" in text for text in shown))
        self.assertTrue(browser.run("return document.getElementById('filter-count').textContent").startswith(f"{len(shown)} of 101"))


class Sample(Page):
    def test_brushing_selects_what_it_says(self):
        self.choose("sample-policy", 1)
        self.choose("sample-x", browser.run("return `parameter:${data.results[0].sample.parameters.indexOf('initial_lag')}`"))
        self.choose("sample-y", "metric:0")
        browser.run("document.getElementById('scatter').scrollIntoView({block: 'center'})")
        WebDriverWait(browser.driver, 10).until(lambda _: browser.run("return Boolean(figures.find((f) => f.box.id === 'scatter').chart)"))
        browser.run("document.getElementById('brush').setAttribute('aria-pressed', true); offerBrush(echarts.getInstanceByDom(document.getElementById('scatter')))")
        box = browser.driver.find_element(By.ID, "scatter")
        ActionChains(browser.driver).move_to_element_with_offset(box, -150, -120).click_and_hold().move_by_offset(120, 80).move_by_offset(130, 60).release().perform()
        WebDriverWait(browser.driver, 10).until(lambda _: browser.run("return explore.range !== null"))
        with h5py.File(result) as file:
            names = list(file["sample/parameter"].asstr()[:])
            x, y = file["sample/parameters"][:, names.index("initial_lag")], file["sample/capability_lag"][1]
        (x0, x1), (y0, y1) = browser.run("return explore.range")
        inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        self.assertGreater(inside.sum(), 3)
        self.assertLess(inside.sum(), 200)
        text = browser.run("return document.getElementById('selection').textContent")
        self.assertIn(f"Selected: {inside.sum()} of 200 stored histories ({100 * inside.mean():.1f} %)", text)
        mean, error = y[inside].mean(), y[inside].std(ddof=1) / math.sqrt(inside.sum())
        self.assertTrue(agrees(re.search(r"Mean of Capability lag: (-?[\d.]+)", text)[1], mean, error), (text, mean))
        replay = browser.run("return document.getElementById('replay').textContent")
        first = numpy.flatnonzero(inside)[0]
        self.assertIn(f"chokepoint replay one.h5 --trajectory {first} --policy tight_controls,status_quo", replay)
        self.assertEqual(len(self.table("scatter")) - 1, min(20, inside.sum()))
        self.assertFalse(browser.run("return document.getElementById('apart').closest('.figure').hidden"))
        typed = [float(browser.run("return document.getElementById(arguments[0]).value", name)) for name in ("x-low", "x-high", "y-low", "y-high")]
        numpy.testing.assert_allclose(typed, [x0, x1, y0, y1], rtol=1e-5)
        browser.driver.find_element(By.ID, "clear").click()
        self.assertIn("Nothing is selected", browser.run("return document.getElementById('selection').textContent"))

    def test_every_variable_equals_the_file(self):
        with h5py.File(result) as file:
            for i, name in enumerate(self.metrics()):
                browser.run("explore.policy = 2")
                got = browser.run("return [...valuesOf(`metric:${arguments[0]}`)]", i)
                numpy.testing.assert_array_equal(numpy.array(got, numpy.float32), file["sample/" + name][2])
            got = browser.run("return data.events.map((_, e) => [...valuesOf(`event:${e}`)].map((x) => (Number.isNaN(x) ? -1 : x)))")
            numpy.testing.assert_allclose(numpy.array(got).T, numpy.nan_to_num(file["sample/event_year"][2], nan=-1), rtol=1e-6)


class Looks(Page):
    def test_no_width_makes_it_scroll_sideways(self):
        for width in (360, 768, 1280):
            browser.open(page, width)
            self.draw_all()
            self.assertLessEqual(browser.run("return document.documentElement.scrollWidth"), width)
            widest = browser.run("return Math.max(...[...document.querySelectorAll('.chart svg')].map((s) => s.getBoundingClientRect().right))")
            self.assertLessEqual(widest, width)

    def test_dark_mode_is_followed(self):
        self.draw_all()
        ink = "figures.forEach(({chart}) => chart && chart.getZr().flush()); return document.querySelector('#fans-0 svg text').getAttribute('fill')"
        paper = "return getComputedStyle(document.body).backgroundColor"
        light = browser.run(ink), browser.run(paper)
        browser.scheme("dark")
        WebDriverWait(browser.driver, 10).until(lambda _: browser.run(ink) != light[0])
        self.assertNotEqual(browser.run(paper), light[1])
        browser.scheme("light")
        WebDriverWait(browser.driver, 10).until(lambda _: (browser.run(ink), browser.run(paper)) == light)

    def test_print_has_all_charts_and_tables(self):
        pdf = base64.b64decode(browser.command("Page.printToPDF")["data"])
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertGreater(pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page "), 5)
        self.assertEqual(browser.run("return figures.filter((f) => !f.root.hidden && !f.chart).length"), 0)
        self.assertEqual(browser.run("dispatchEvent(new Event('beforeprint')); return figures.filter((f) => !f.root.hidden && !f.table.querySelector('td')).length"), 0)
        self.assertEqual(browser.run("dispatchEvent(new Event('afterprint')); return figures.filter((f) => f.details.open).length"), 0)

    def test_readers_of_the_screen_are_told(self):
        self.assertEqual(browser.run("return document.documentElement.lang"), "en")
        self.assertEqual(browser.run("return document.querySelectorAll('h1').length"), 1)
        self.assertEqual(browser.run("return [...document.querySelectorAll('.chart')].filter((c) => !c.closest('.figure').hidden && "
                                     "!(c.getAttribute('role') === 'img' && c.getAttribute('aria-label').length > 40)).map((c) => c.id)"), [])
        for name in CHARTS:
            self.assertGreater(len(self.table(name)), 1, name)
        self.assertEqual(browser.run("return [...document.querySelectorAll('table')].filter((t) => !t.closest('.tooltip') && (!t.caption || !t.caption.textContent || "
                                     "t.querySelectorAll('th:not([scope])').length)).length"), 0)
        self.assertEqual(browser.run("return [...document.querySelectorAll('select, input')].filter((c) => c.labels.length === 0).length"), 0)


class TwoResults(Page):
    @classmethod
    def setUpClass(cls):
        cls.other = run("two", "--seed-worlds", "9", "--set", "parameters.initial_lag.lognormal.p95=13")
        cls.path = report("both.html", result, cls.other, "--title", "Two runs", "--metrics", "revenue,price")

    def test_they_stand_side_by_side(self):
        self.draw_all()
        self.assertEqual(browser.run("return document.querySelector('h1').textContent"), "Two runs")
        self.assertEqual(self.metrics(), ["revenue", "price"])
        left, right = (browser.run("const r = document.getElementById(arguments[0]).getBoundingClientRect(); return [r.left, r.top]", f"fans-{i}") for i in (0, 1))
        self.assertLess(left[0] + 300, right[0])
        with h5py.File(result) as a, h5py.File(self.other) as b:
            mean = b["revenue_mean"][:, -1] - a["revenue_mean"][:, -1]
            error = numpy.hypot(a["revenue_mean_se"][:, -1], b["revenue_mean_se"][:, -1])
        for row, x, e in zip(self.table("comparison")[1:], mean, error):
            self.assertTrue(agrees(row[3], x, e), (row, x, e))
        numpy.testing.assert_allclose([point[0] for point in self.series("comparison")["points"]], mean, rtol=1e-6, atol=1e-9)
        settings = browser.run("return [...document.querySelectorAll('#pair section tbody tr, #pair > .scroll tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))")
        self.assertEqual(settings, [["run.seed_worlds", "1", "9"], ["parameters.initial_lag.lognormal.p95", "11", "13"]])

    def test_what_only_one_has_is_left_out_and_named(self):
        with open(os.path.join(folder, "more.toml"), "w", encoding="utf-8") as file:
            file.write(f'extends = "{os.path.join(os.path.abspath(CONFIGS), "smoke.toml")}"\n[policies.another]\ntitle = "Another"\nenforcement = 1\n')
        other = run("more", configuration=os.path.join(folder, "more.toml"))
        browser.open(report("more.html", other, result))
        self.draw_all()
        self.assertEqual(len(self.series("fans-0")), 10)
        self.assertIn("policies another", browser.run("return document.getElementById('pair').textContent"))
        self.assertIn("same seeds", browser.run("return document.getElementById('pair').textContent"))


class Small(Page):
    def test_one_policy_without_a_sample(self):
        with open(os.path.join(folder, "single.toml"), "w", encoding="utf-8") as file:
            file.write('title = "One"\n[run]\nmodel = "brownian"\nstart = 2026-01-01\nyears = 1\ntrajectories = 64\nrecord_every_months = 12\nkeep = 0\n'
                       '[parameters]\n' + "".join(f'{name} = {{ constant = 0.5, source = "a test" }}\n' for name in ("initial", "drift", "volatility", "barrier", "hazard"))
                       + '[policies.alone]\ntitle = "Alone"\n')
        browser.open(report("single.html", run("single", configuration=os.path.join(folder, "single.toml"))))
        self.draw_all()
        shown = browser.run("return figures.filter((f) => !f.root.hidden).map((f) => f.box.id)")
        self.assertEqual(shown, ["fans-0", "events-0"])
        self.assertTrue(browser.run("return !document.getElementById('no-sample').hidden && document.getElementById('explorer').hidden"))
        self.assertEqual(len(self.table("fans-0")), 2)

    def test_the_other_models(self):
        for model in ("brownian", "textbook"):
            browser.open(report(model + ".html", run(model, "--trajectories", "2000", configuration=model + ".toml")))
            self.draw_all()
            self.assertGreater(browser.run("return figures.filter((f) => !f.root.hidden && f.chart).length"), 3)
            self.check_console()


class Hostile(Page):
    @classmethod
    def setUpClass(cls):
        text = HOSTILE.replace('"', '\\"')
        with open(os.path.join(folder, "hostile.toml"), "w", encoding="utf-8") as file:
            file.write(f'extends = "{os.path.join(os.path.abspath(CONFIGS), "smoke.toml")}"\ntitle = "{text}"\ndescription = "{text}"\n'
                       f'[parameters]\ninitial_lag = {{ lognormal = {{ p5 = 4, p95 = 11 }}, source = "{text}", rationale = "{text}", would_change_if = "{text}" }}\n'
                       f'[policies.tight_controls]\ntitle = "{text}"\ndescription = "{text}"\n')
        cls.path = report("hostile.html", run("hostile", configuration=os.path.join(folder, "hostile.toml")), "--title", HOSTILE)

    def test_texts_of_a_file_do_nothing(self):
        self.draw_all()
        self.choose("layout", "overlay")
        for name in CHARTS:
            browser.run("document.getElementById(arguments[0]).scrollIntoView({block: 'center'})", name)
            box = browser.driver.find_element(By.ID, name)
            ActionChains(browser.driver).move_to_element(box).move_by_offset(40, 12).perform()
            browser.run("const c = echarts.getInstanceByDom(document.getElementById(arguments[0])); "
                        "c.getOption().series.slice(0, 6).forEach((_, seriesIndex) => c.dispatchAction({type: 'showTip', seriesIndex, dataIndex: 1}))", name)
            self.table(name)
        self.assertEqual(browser.run("return document.title"), HOSTILE)
        self.assertEqual(browser.run("return document.querySelector('h1').textContent"), HOSTILE)
        self.assertIn(HOSTILE, browser.run("return document.getElementById('policies').textContent"))
        self.assertEqual(browser.run("return [document.images.length, document.scripts.length, window.hacked]"), [0, OWN_SCRIPTS, None])

    def test_no_other_script_may_run(self):
        browser.run("const s = document.createElement('script'); s.textContent = 'window.hacked = 3'; document.body.append(s)")
        self.assertIsNone(browser.run("return window.hacked"))
        self.assertIn("Content Security Policy", " ".join(browser.console()))


if __name__ == "__main__":
    PROGRAM, CONFIGS = sys.argv[1:3]
    started = time.monotonic()
    outcome = unittest.main(argv=sys.argv[:1] + sys.argv[3:], exit=False).result
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(not outcome.wasSuccessful())
