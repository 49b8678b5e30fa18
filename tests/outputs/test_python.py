#!/usr/bin/env python3
"""test_python.py CHOKEPOINT SOURCE_DIR: the Python package reads what the file holds, and re-weights to what is known in closed form.

Exit status 77: a library that the package needs is not installed.
"""
# SPDX-License-Identifier: Apache-2.0
import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings

try:
    import h5py
    import numpy as np
    import pandas  # noqa: F401, the package needs it
    import xarray as xr
    from scipy import integrate, stats
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

CHOKEPOINT, SOURCE = (os.path.abspath(argument) for argument in sys.argv[1:3])
sys.path.insert(0, os.path.join(SOURCE, "outputs", "python", "src"))

import chokepoint_results as cr
from chokepoint_results.distributions import LawError
from chokepoint_results.reweighting import WeightedSample

YEARS = 5
MEAN, SD = 0.05, 0.05            # of the drift
MEDIAN, SD_LOG = 0.2, 0.25       # of the volatility
HAZARDS = ([0.05, 0.2], [0.5, 0.5])
RANK = 0.6
DRIFT, VOLATILITY = f"normal = {{ mean = {MEAN}, sd = {SD} }}", f"lognormal = {{ median = {MEDIAN}, sd_log = {SD_LOG} }}"
HAZARD = f"choice = {{ values = {HAZARDS[0]}, weights = {HAZARDS[1]} }}"
FOLDER = tempfile.mkdtemp(prefix="chokepoint_python_")


def tearDownModule():
    shutil.rmtree(FOLDER)


def run(name, text, trajectories=40_000, extends="brownian.toml"):
    """A run, as a user makes it; once for each name."""
    path = os.path.join(FOLDER, name + ".h5")
    if not os.path.exists(path):
        configuration = os.path.join(FOLDER, name + ".toml")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(f'extends = "{SOURCE}/configs/{extends}"\n{text}\n')
        subprocess.run([CHOKEPOINT, "run", configuration, "-o", path, "--quiet", "--device", "cpu",
                        "--set", f"run.trajectories={trajectories}", "--set", f"run.keep={trajectories}"], check=True,
                       stdout=subprocess.DEVNULL)
    return path


def brownian():
    return run("brownian", f"[parameters]\ndrift = {{ {DRIFT} }}\nvolatility = {{ {VOLATILITY} }}\nhazard = {{ {HAZARD} }}", 100_000)


def drift_alone():
    """Volatility known, so that everything has a closed form."""
    return run("drift", f"[parameters]\ndrift = {{ {DRIFT} }}", 100_000)


class Reading(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.result = cr.open_result(brownian())
        cls.raw = h5py.File(brownian(), "r")

    @classmethod
    def tearDownClass(cls):
        cls.result.close()
        cls.raw.close()

    def test_quantiles_have_labels_units_and_the_values_of_the_file(self):
        quantiles = self.result.quantiles("value")
        self.assertEqual(quantiles.dims, ("policy", "time", "quantile"))
        self.assertEqual(quantiles.attrs["units"], "1")
        np.testing.assert_array_equal(quantiles, self.raw["value_quantile"])
        self.assertEqual(str(quantiles.time.values[-1])[:10], "2031-01-01")
        self.assertEqual(float(quantiles.year[-1]), 2031)
        self.assertEqual(float(quantiles.sel(policy="push", quantile=0.5)[-1]), self.raw["value_quantile"][1, -1, 4])

    def test_the_same_as_xarray_reads(self):
        for group in ("/", "paired", "decision", "sensitivity", "sample", "histogram"):
            with xr.open_dataset(brownian(), group=group) as theirs:
                ours = self.result.group(group)
                for name in ours.data_vars:
                    mine, other = (data[name].drop_vars("year", errors="ignore").load() for data in (ours, theirs))
                    xr.testing.assert_equal(mine, other)

    def test_statistics_are_joined_by_metric(self):
        data = self.result.dataset
        for name in ("mean", "quantiles", "mean_difference", "event_cdf", "probability_better_bounds"):
            self.assertIn(name, data)
        np.testing.assert_array_equal(data.mean_difference.sel(metric="value"), self.raw["paired/value_mean_difference"])
        np.testing.assert_array_equal(data["mean"].sel(metric="log_value"), self.raw["log_value_mean"])
        self.assertTrue(np.isnan(data.probability_better.sel(metric="log_value")).all())  # it has no direction
        self.assertEqual(str(data.direction.sel(metric="value").values), "higher")
        self.assertEqual(data.attrs["reference"], "base")

    def test_groups(self):
        self.assertEqual(self.result.paired.attrs["reference"], "base")
        np.testing.assert_array_equal(self.result.events.cdf, self.raw["event_cdf"])
        np.testing.assert_array_equal(self.result.decision.regret_mean.sel(metric="value"), self.raw["decision/value_regret_mean"])
        first = self.result.sensitivity.first_order.sel(metric="log_value", policy="base", driver="drift")
        np.testing.assert_array_equal(first, self.raw["sensitivity/log_value_first_order"][0, :, 0])
        np.testing.assert_array_equal(self.result.sample.log_value, self.raw["sample/log_value"])
        self.assertEqual(self.result.sample.parameters.dims, ("trajectory", "parameter"))
        counts = self.result.histogram("value")
        self.assertTrue((counts.sum("bin") == 100_000).all())
        self.assertTrue((counts.low < counts.high).all())

    def test_tables(self):
        parameters = self.result.parameters
        self.assertEqual(parameters.prior["drift"], DRIFT)
        self.assertEqual(parameters.source["barrier"], "chosen: closed forms are known")
        self.assertEqual(list(parameters.columns[:4]), ["meaning", "units", "prior", "source"])
        self.assertEqual(self.result.policies["push"], "More drift, half the hazard")
        self.assertEqual(self.result.metrics.direction["value"], "higher")
        self.assertEqual(self.result.provenance["trajectories"], "100000")
        self.assertEqual(self.result.configuration["run"]["years"], YEARS)
        self.assertIn(self.result.result_hash, repr(self.result))

    def test_what_was_read_stays_after_close(self):
        with cr.open_result(brownian()) as result:
            events = result.events
        self.assertGreater(float(events.probability.max()), 0)
        with self.assertRaises(ValueError):
            result.sensitivity

    def test_refusals(self):
        with self.assertRaisesRegex(FileNotFoundError, "nowhere.h5"):
            cr.open_result(os.path.join(FOLDER, "nowhere.h5"))
        text = os.path.join(FOLDER, "text.h5")
        with open(text, "w", encoding="utf-8") as file:
            file.write("no HDF5")
        with self.assertRaisesRegex(cr.ResultError, "cannot be opened as HDF5"):
            cr.open_result(text)
        foreign = os.path.join(FOLDER, "foreign.h5")
        h5py.File(foreign, "w").close()
        with self.assertRaisesRegex(cr.ResultError, "not a Chokepoint result"):
            cr.open_result(foreign)
        newer = shutil.copy(brownian(), os.path.join(FOLDER, "newer.h5"))
        with h5py.File(newer, "a") as file:
            file.attrs["format_version"] = 99
        with self.assertRaisesRegex(cr.ResultError, "has format 99, this package reads format 2"):
            cr.open_result(newer)
        with self.assertRaisesRegex(cr.ResultError, "'price' is no metric of this result. It has: value, log_value"):
            self.result.quantiles("price")


class WorldViews(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        alone = run("fast", "parameters.drift = 0.2", 2_000)
        cls.path = os.path.join(FOLDER, "views.h5")
        subprocess.run([CHOKEPOINT, "merge", "--worldviews", run("given", "", 2_000), alone, "-o", cls.path, "--quiet"], check=True)
        cls.alone = cr.open_result(alone)

    @classmethod
    def tearDownClass(cls):
        cls.alone.close()

    def test_each_is_opened_like_a_file_of_its_own(self):
        with cr.open_result(self.path, worldview="fast") as fast:
            self.assertEqual(fast.result_hash, self.alone.result_hash)
            xr.testing.assert_identical(fast.dataset.load(), self.alone.dataset.load())
            xr.testing.assert_identical(fast.sample.load(), self.alone.sample.load())
            self.assertEqual(fast.configuration, self.alone.configuration)

    def test_the_first_is_the_file_itself(self):
        with cr.open_result(self.path) as result, cr.open_result(self.path, worldview="given") as given:
            self.assertEqual(result.worldviews, ["given", "fast"])
            self.assertEqual(result.result_hash, given.result_hash)
            views = result.group("worldview")
            self.assertEqual(views.value_mean.dims, ("worldview", "policy", "time"))
            np.testing.assert_array_equal(views.value_mean.sel(worldview="fast"), self.alone.mean("value")["mean"])
        self.assertEqual(self.alone.worldviews, [])

    def test_xarray_opens_every_group(self):
        for group in (None, "worldview", "worldview/fast", "worldview/fast/paired", "worldview/fast/sample"):
            for engine in {"h5netcdf", "netcdf4"} & set(xr.backends.list_engines()):
                with xr.open_dataset(self.path, group=group, engine=engine) as data:
                    self.assertIn("policy", data.dims)

    def test_an_unknown_one_is_refused(self):
        with self.assertRaisesRegex(cr.ResultError, "no world view 'slow'; it has given, fast"):
            cr.open_result(self.path, worldview="slow")


class Laws(unittest.TestCase):
    CLOSED = {
        "normal = { p5 = -1, p95 = 2 }": stats.norm(0.5, 1.5 / stats.norm.ppf(0.95)),
        "lognormal = { p10 = 4.6, p90 = 9.6 }": stats.lognorm(np.log(9.6 / 4.6) / 2 / stats.norm.ppf(0.9), scale=np.sqrt(4.6 * 9.6)),
        "lognormal = { median = 2, sd_log = 0.4 }": stats.lognorm(0.4, scale=2),
        "uniform = { low = -1, high = 3 }": stats.uniform(-1, 4),
        "beta = { alpha = 2, beta = 5 }": stats.beta(2, 5),
        "beta = { alpha = 0.7, beta = 3, low = -1, high = 2 }": stats.beta(0.7, 3, -1, 3),
        "triangular = { low = 1, mode = 1.5, high = 4 }": stats.triang(0.5 / 3, 1, 3),
        "triangular = { low = 1, mode = 1, high = 4 }": stats.triang(0, 1, 3),
        "pert = { low = 0, mode = 1, high = 4 }": stats.beta(2, 4, 0, 4),
        "truncated = { of = { normal = { mean = 0, sd = 1 } }, low = -1, high = 2 }": stats.truncnorm(-1, 2),
    }
    OTHERS = [
        "mixture = [ { weight = 3, normal = { mean = -1, sd = 0.5 } }, { weight = 1, uniform = { low = 0, high = 2 } } ]",
        "table = { probabilities = [0, 0.2, 0.9, 1], values = [-2, 0, 1, 5] }",
        "truncated = { of = { table = { probabilities = [0, 0.5, 1], values = [0, 1, 5] } }, low = 0.5, high = 3 }",
    ]
    ATOMS = [
        "choice = { values = [0.1, 0.3], weights = [1, 3] }",
        "mixture = [ { weight = 1, constant = 0.1 }, { weight = 1, normal = { mean = 0, sd = 0.2 } } ]",
        "table = { probabilities = [0, 0.3, 0.6, 1], values = [-0.1, 0.05, 0.05, 0.2] }",
    ]

    def test_density_and_distribution_function_are_those_of_scipy(self):
        for text, law in self.CLOSED.items():
            x = np.concatenate([law.ppf(np.linspace(0.001, 0.999, 41)), [law.ppf(1e-9) - 1, law.ppf(1 - 1e-9) + 1]])
            ours = cr.parse_law(text)
            np.testing.assert_allclose(np.exp(ours.log_density(x)), law.pdf(x), rtol=1e-9, atol=1e-300, err_msg=text)
            np.testing.assert_allclose(ours.cdf(x), law.cdf(x), rtol=1e-9, atol=1e-8, err_msg=text)
            np.testing.assert_allclose(ours.normal_score(x[:41]), stats.norm.ppf(law.cdf(x[:41])), atol=1e-7, err_msg=text)

    def test_densities_integrate_to_the_distribution_function(self):
        for text in self.OTHERS:
            law = cr.parse_law(text)
            density = lambda x: float(np.exp(law.log_density(np.float64(x))))
            for end in (-1, 0.7, 2.5, 9):
                area, _ = integrate.quad(density, -9, end, points=[p for p in (-2, 0, 0.5, 1, 2, 3, 5) if p < end], limit=500)
                self.assertAlmostEqual(area, float(law.cdf(np.float64(end))), places=6, msg=text)

    def test_laws_are_those_that_the_program_draws(self):
        """Kolmogorov and Smirnov of 40,000 draws: below 2.2 / sqrt(n) but for one in 8,000."""
        texts = [*self.CLOSED, *self.OTHERS, *self.ATOMS]
        for text in texts:
            path = run(f"law_{texts.index(text)}", f"[parameters]\ndrift = {{ {text} }}\n[run]\nyears = 1\nrecord_every_months = 12")
            with cr.open_result(path) as result:
                self.assertEqual(cr.parse_law(result.parameters.prior["drift"]), cr.parse_law(text))
                law, x = cr.parse_law(text), np.sort(result.sample.parameters.sel(parameter="drift").values.astype(float))
            n = len(x)
            last = np.searchsorted(x, x, side="right") / n  # of equal values the level after the last one
            x = x + 1e-6 * np.isin(x.astype(np.float32), np.float32(list(law.atoms)))  # the float may lie below its atom
            self.assertLess(np.abs(last - law.cdf(x)).max(), 2.2 / np.sqrt(n) + 2e-3 * bool(law.atoms), msg=text)

    def test_refusals(self):
        for text, problem in {"lognormal = { p5 = 4 }": "'median' is missing", "gamma = { a = 1 }": "expected one law of constant",
                              "uniform = { low = 2, high = 1 }": "low below high", "normal = {": "is no TOML",
                              "normal = { mean = 0, sd = -1 }": "sd must be above 0",
                              "table = { probabilities = [0, 0.5], values = [1, 2] }": "increase from 0 to 1"}.items():
            with self.assertRaisesRegex(LawError, problem):
                cr.parse_law(text)


class Reweighting(unittest.TestCase):
    NEW_MEAN, NEW_SD = 0.08, 0.04
    NEW = {"drift": {"normal": {"mean": NEW_MEAN, "sd": NEW_SD}}}

    @classmethod
    def setUpClass(cls):
        cls.result = cr.open_result(brownian())
        cls.known = cr.open_result(drift_alone())

    @classmethod
    def tearDownClass(cls):
        cls.result.close()
        cls.known.close()

    def near(self, found, truth, errors=4):
        self.assertLess(abs(float(found.estimate) - truth), errors * float(found.standard_error))
        self.assertLess(float(found.standard_error), 0.05 * max(abs(truth), 0.1))

    def test_a_normal_prior_to_another_gives_the_known_lognormal_law(self):
        weighted = self.known.reweight(self.NEW)
        log_mean, log_sd = (self.NEW_MEAN - 0.02) * YEARS, np.hypot(self.NEW_SD * YEARS, 0.2 * np.sqrt(YEARS))
        for policy, push in (("base", 0), ("push", 0.05)):
            law = stats.lognorm(log_sd, scale=np.exp(log_mean + push * YEARS))
            self.near(weighted.mean("value", policy), law.mean())
            self.near(weighted.mean("log_value", policy), log_mean + push * YEARS)
            for q in (0.05, 0.5, 0.95):
                self.near(weighted.quantile("value", q, policy), law.ppf(q))
        self.near(weighted.difference("value", "push"), stats.lognorm(log_sd, scale=np.exp(log_mean)).mean() * (np.exp(0.05 * YEARS) - 1))
        self.assertEqual(float(weighted.difference("value", "base").estimate), 0)

    def test_the_effective_sample_size_is_that_of_the_laws(self):
        """n / E[w^2] with E[w^2] of two normal laws."""
        a, b, gap = self.NEW_SD**2, SD**2, self.NEW_MEAN - MEAN
        square = b / np.sqrt(a * (2 * b - a)) * np.exp(gap**2 / (2 * b - a))
        self.assertAlmostEqual(self.known.reweight(self.NEW).ess, 100_000 / square, delta=0.02 * 100_000)

    def test_mean_and_spread_of_two_parameters_at_once(self):
        """E ln S = (E drift - E volatility^2 / 2) T, and the hazard's weights are shares of exponential laws."""
        weighted = self.result.reweight({"drift": "normal = { mean = 0.07, sd = 0.06 }",
                                         "volatility": {"lognormal": {"median": 0.24, "sd_log": 0.2}},
                                         "hazard": {"choice": {"values": HAZARDS[0], "weights": [0.2, 0.8]}}})
        variance = np.exp(2 * np.log(0.24) + 2 * 0.2**2)
        self.near(weighted.mean("log_value", "base"), (0.07 - variance / 2) * YEARS, 4)
        truth = 1 - 0.2 * np.exp(-0.05 * YEARS) - 0.8 * np.exp(-0.2 * YEARS)
        found = weighted.event_probability("hazard", "base")
        self.near(found, truth)
        self.assertLess(float(found.low), truth)

    def test_text_function_and_law_are_the_same(self):
        table = self.result.reweight(self.NEW).weights
        text = self.result.reweight(f'[parameters]\ndrift = {{ normal = {{ mean = {self.NEW_MEAN}, sd = {self.NEW_SD} }}, source = "me" }}')
        log_density = self.result.reweight({"drift": lambda x: -0.5 * ((x - self.NEW_MEAN) / self.NEW_SD) ** 2})
        ratio = self.result.reweight(lambda p: stats.norm(self.NEW_MEAN, self.NEW_SD).logpdf(p.sel(parameter="drift")) -
                                     stats.norm(MEAN, SD).logpdf(p.sel(parameter="drift")))
        for other in (text, log_density, ratio):
            np.testing.assert_allclose(other.weights, table, rtol=1e-6)

    def test_the_old_prior_changes_nothing(self):
        weighted = self.result.reweight({"drift": DRIFT, "hazard": HAZARD})
        self.assertAlmostEqual(weighted.ess, 100_000, places=3)
        self.assertAlmostEqual(float(weighted.mean("value", "push").estimate), float(self.result.sample.value.sel(policy="push").mean()), 4)

    def test_correlated_parameters_keep_their_copula(self):
        """E[drift volatility] of a normal and a lognormal law with normal scores of correlation r: E[volatility] (m + s r sd_log)."""
        path = run("correlated", f"[parameters]\ndrift = {{ {DRIFT} }}\nvolatility = {{ {VOLATILITY} }}\n"
                   f'[[correlation]]\nbetween = ["drift", "volatility"]\nrank = {RANK}\n', 100_000)
        r = 2 * np.sin(np.pi / 6 * RANK)
        with cr.open_result(path) as result:
            drift, volatility = (result.sample.parameters.sel(parameter=name).astype(float) for name in ("drift", "volatility"))
            for new, m, s, median, sd_log in (
                    (self.NEW, self.NEW_MEAN, self.NEW_SD, MEDIAN, SD_LOG),
                    ({"volatility": {"lognormal": {"median": 0.22, "sd_log": 0.2}}}, MEAN, SD, 0.22, 0.2),
                    ({**self.NEW, "volatility": {"lognormal": {"median": 0.22, "sd_log": 0.2}}}, self.NEW_MEAN, self.NEW_SD, 0.22, 0.2)):
                weighted = result.reweight(new)
                self.near(weighted.expectation(drift * volatility), median * np.exp(sd_log**2 / 2) * (m + s * r * sd_log))
                self.near(weighted.expectation(volatility), median * np.exp(sd_log**2 / 2))
                self.near(weighted.expectation(drift), m)
            with self.assertRaisesRegex(cr.ReweightError, "must be a law, not a function"):
                result.reweight({"drift": lambda x: -x})

    def test_standard_errors_cover_the_truth(self):
        """200 samples of 500 trajectories each: 95 % intervals hold the truth in 181 to 198 of them but for one in 500."""
        log_mean, log_sd = (self.NEW_MEAN - 0.02) * YEARS, np.hypot(self.NEW_SD * YEARS, 0.2 * np.sqrt(YEARS))
        drift = self.known.sample.parameters.sel(parameter="drift").values.astype(float)
        log_ratio = stats.norm(self.NEW_MEAN, self.NEW_SD).logpdf(drift) - stats.norm(MEAN, SD).logpdf(drift)
        values = self.known.sample.log_value.sel(policy="base").drop_vars("trajectory")
        covered = np.zeros(3)
        for start in range(0, 100_000, 500):
            part = slice(start, start + 500)
            weighted, y = WeightedSample(log_ratio[part], np.arange(500)), values.isel(trajectory=part)
            tail = weighted.quantiles(y, [0.5, 0.9])
            truths = stats.norm(log_mean, log_sd).ppf([0.5, 0.9])
            mean = weighted.expectation(y)
            covered += [mean.low <= log_mean <= mean.high, *((tail.low <= truths) & (truths <= tail.high)).values]
        self.assertTrue(np.all((covered >= 181) & (covered <= 198)), covered)

    def test_replicates_of_a_world_count_once(self):
        path = run("replicates", f"[run]\nreplicates = 4\nyears = 1\n[parameters]\ndrift = {{ {DRIFT} }}\nvolatility = 0.01", 8_000)
        with cr.open_result(path) as result:
            weighted = result.reweight(self.NEW)
            self.assertEqual(weighted.worlds, 2_000)
            drift = result.sample.parameters.sel(parameter="drift").astype(float)
            one = result.sample.parameters.values.reshape(2_000, 4, -1)
            np.testing.assert_array_equal(one[:, 0], one[:, 3])
            worlds = WeightedSample(np.log(weighted.weights.values[::4]), np.arange(2_000))
            of_worlds = worlds.expectation(drift[::4].drop_vars("trajectory"))
            found = weighted.expectation(drift)
            self.assertAlmostEqual(float(found.standard_error / of_worlds.standard_error), 1, places=6)
            self.near(found, self.NEW_MEAN)

    def test_far_priors_are_warned_of(self):
        with self.assertWarnsRegex(cr.DegenerateWeightsWarning, "effective of 100000 worlds"):
            self.result.reweight({"drift": {"normal": {"mean": 0.4, "sd": 0.01}}})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.result.reweight(self.NEW)

    def test_priors_beyond_the_sample_are_refused(self):
        path = run("uniform", "[parameters]\ndrift = { uniform = { low = 0, high = 0.1 } }\n"
                   "hazard = { normal = { mean = 0.01, sd = 0.1 } }\n[run]\nyears = 1\n", 4_000)
        with cr.open_result(path) as result:
            for new, problem in (({"drift": {"uniform": {"low": 0, "high": 0.2}}}, r"drift: the new prior reaches \[0, 0.2\]"),
                                 ({"drift": DRIFT}, r"drift: the new prior reaches \[-inf, inf\]"),
                                 ({"drift": 0.05}, "the single value 0.05"),
                                 ({"volatility": VOLATILITY}, "volatility: the new prior reaches"),
                                 ({"speed": 1}, "'speed' is no parameter"),
                                 ({"hazard": DRIFT}, "of its draws were clamped"), ({}, "no parameter"),
                                 ({"drift": {"lognormal": {"p5": 1}}}, "drift: lognormal")):
                with self.assertRaisesRegex(cr.ReweightError, problem):
                    result.reweight(new)
            narrower = result.reweight({"drift": {"uniform": {"low": 0.02, "high": 0.06}}})
            self.assertAlmostEqual(narrower.ess, 1_600, delta=150)

    def test_a_result_without_a_sample_says_so(self):
        path = run("unkept", "[run]\nyears = 1\n", 0x100)
        with h5py.File(path, "a") as file:
            del file["sample"]
        with cr.open_result(path) as result:
            with self.assertRaisesRegex(cr.ReweightError, "no sample"):
                result.reweight(self.NEW)
            with self.assertRaisesRegex(cr.ResultError, "no sample"):
                result.sample


class Documentation(unittest.TestCase):
    def test_the_examples_of_the_readme_run(self):
        with open(os.path.join(SOURCE, "outputs", "python", "README.md"), encoding="utf-8") as file:
            code = "".join(re.findall("```python\n(.*?)```", file.read(), re.DOTALL))
        self.assertIn("reweight(", code)
        code = code.replace("outputs/baseline.h5", run("race", "", 2_000, "smoke.toml"))
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()) as shown:
            warnings.simplefilter("ignore", cr.DegenerateWeightsWarning)
            exec(code, {})
        self.assertIn("effective of 2000 worlds", shown.getvalue())


class Installation(unittest.TestCase):
    def test_pip_installs_the_package(self):
        target = os.path.join(FOLDER, "installed")
        source = shutil.copytree(os.path.join(SOURCE, "outputs", "python"), os.path.join(FOLDER, "source"))  # setuptools builds beside it
        pip = subprocess.run([sys.executable, "-m", "pip", "install", "--no-index", "--no-build-isolation", "--no-deps", "--quiet",
                              "--target", target, source], capture_output=True, text=True, check=False)
        if "No module named" in pip.stderr:
            self.skipTest(pip.stderr.strip().splitlines()[-1])
        self.assertEqual(pip.returncode, 0, pip.stderr)
        self.assertTrue(os.path.exists(os.path.join(target, "chokepoint_results", "py.typed")))
        code = f"import chokepoint_results as c; print(c.__file__); print(c.open_result({brownian()!r}).title)"
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                               env={**os.environ, "PYTHONPATH": target}, cwd=FOLDER).stdout
        self.assertIn(target, shown)
        self.assertIn("Closed forms", shown)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
