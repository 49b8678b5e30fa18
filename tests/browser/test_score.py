#!/usr/bin/env python3
# The page of forecasts of the past in a real browser: it draws without errors, its numbers are those of the CSV file, and the forecast
# can be chosen.
# SPDX-License-Identifier: Apache-2.0
import csv
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from chromium import Browser
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

SECONDS = 30
SERIES = "us_stock"


class ScorePage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(folder := tempfile.TemporaryDirectory())
        page, table = Path(folder.name, "score.html"), Path(folder.name, "score.csv")
        subprocess.run([PROGRAM, "score", CONFIGURATION, "--trajectories", "1000", "--html", page, "--csv", table], check=True,
                       stdout=subprocess.DEVNULL)
        with open(table, newline="") as file:
            cls.rows = list(csv.DictReader(file))
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.browser.open(page)
        WebDriverWait(cls.browser.driver, SECONDS).until(lambda driver: driver.execute_script("return document.documentElement.dataset.drawn"))

    def cells(self, selector):
        return self.browser.run("return [...document.querySelectorAll(arguments[0])].map(row => [...row.cells].map(c => c.textContent))", selector)

    def check_table(self, forecast):
        expected = [row for row in self.rows if row["series"] == SERIES and row["forecast"] == forecast]
        self.browser.run("document.querySelector('#fan-us_stock').closest('.figure').querySelector('details').open = true")
        shown = WebDriverWait(self.browser.driver, SECONDS).until(lambda _: self.cells(".figure:first-of-type .behind tbody tr"))
        self.assertEqual([row[0] for row in shown], [row["date"] for row in expected])
        for row, exact in zip(shown, expected):
            for cell, name in [(2, "observed"), (3, "q05"), (5, "q50"), (7, "q95"), (9, "crps")]:
                self.assertAlmostEqual(float(row[cell].replace("−", "-")), float(exact[name]), delta=1e-3 * abs(float(exact[name])) + 1e-9)

    def test_draws_without_errors(self):
        WebDriverWait(self.browser.driver, SECONDS).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "#fan-us_stock svg"))
        self.assertEqual(self.browser.console(), [])
        self.assertEqual(len(self.browser.driver.find_elements(By.CSS_SELECTOR, "#fans .chart")), len({row["series"] for row in self.rows}))
        self.assertEqual(self.browser.run("return performance.getEntriesByType('resource').length"), 0)

    def test_numbers_are_those_of_the_file(self):
        select = Select(self.browser.driver.find_element(By.ID, "forecast"))
        for forecast in ["own_process", "as_it_happened"]:
            select.select_by_visible_text(forecast)
            self.check_table(forecast)

    def test_fits_a_phone(self):
        self.browser.resize(380)
        WebDriverWait(self.browser.driver, SECONDS).until(lambda driver: driver.execute_script("return document.documentElement.scrollWidth") <= 380)
        self.browser.resize(1280)


if __name__ == "__main__":
    PROGRAM, CONFIGURATION = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
