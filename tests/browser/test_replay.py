#!/usr/bin/env python3
# The page of a replay in a real browser: it draws without errors, its numbers are those of the CSV file, and its controls work.
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
POLICIES = "status_quo,tight_controls,tripwire"


class ReplayPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(folder := tempfile.TemporaryDirectory())
        page, table = Path(folder.name, "replay.html"), Path(folder.name, "replay.csv")
        subprocess.run([PROGRAM, "replay", CONFIGURATION, "--trajectory", "9", "--policy", POLICIES, "--html", page, "--csv", table],
                       check=True, stdout=subprocess.DEVNULL)
        with open(table, newline="") as file:
            cls.rows = list(csv.DictReader(file))
        cls.months = len(cls.rows) // 3
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.browser.open(page)
        WebDriverWait(cls.browser.driver, SECONDS).until(lambda driver: driver.execute_script("return document.documentElement.dataset.drawn"))

    def all(self, selector):
        return self.browser.driver.find_elements(By.CSS_SELECTOR, selector)

    def cells(self, selector):
        return self.browser.run("return [...document.querySelectorAll(arguments[0])].map(row => [...row.cells].map(c => c.textContent))", selector)

    def test_draws_without_errors(self):
        self.assertEqual(self.browser.console(), [])
        charts = self.all("[role=img] svg")
        self.assertEqual(len(charts), 6)  # four metrics, another one, and what was in force
        for chart in charts:
            self.assertGreater(len(chart.find_elements(By.TAG_NAME, "path")), 5)
        self.assertEqual(self.browser.run("return performance.getEntriesByType('resource').length"), 0)

    def test_numbers_are_those_of_the_file(self):
        shown = self.cells("#charts figure:first-of-type tbody tr")
        self.assertEqual(len(shown), self.months)
        for month, row in enumerate(shown):
            for policy in range(3):
                exact = self.rows[policy * self.months + month]
                self.assertEqual(row[0], f"{exact['year']}-{int(exact['month']):02}")
                self.assertAlmostEqual(float(row[1 + policy]), float(exact["capability_lag"]), delta=0.00501)

    def test_another_metric_or_lever_can_be_chosen(self):
        select = Select(self.browser.driver.find_element(By.ID, "other"))
        select.select_by_visible_text("enforcement")
        rows = self.cells("#another tbody tr")
        self.assertEqual([float(row[2]) for row in rows], [round(float(row["enforcement"]), 4) for row in self.rows[self.months:2 * self.months]])
        select.select_by_visible_text("margin")
        self.assertEqual(len(self.all("#another svg")), 1)
        self.assertEqual(self.browser.driver.find_element(By.CSS_SELECTOR, "#another strong").text, "margin")

    def test_shocks_can_be_shown(self):
        shocks, text = self.browser.driver.find_element(By.ID, "shocks"), lambda: self.browser.driver.find_element(By.ID, "story").text
        self.assertNotIn(" sd", text())
        shocks.click()
        self.assertIn(" sd", text())
        shocks.click()

    def test_fits_a_phone(self):
        self.browser.resize(380)
        WebDriverWait(self.browser.driver, SECONDS).until(lambda driver: driver.execute_script("return document.documentElement.scrollWidth") <= 380)
        self.browser.resize(1280)


if __name__ == "__main__":
    PROGRAM, CONFIGURATION = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
