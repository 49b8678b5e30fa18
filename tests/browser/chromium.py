# Headless Chromium for tests of pages. Ends with 77, which ctest takes for skipped, where it or Selenium is not installed.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import sys
import tempfile

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
except ImportError:
    print("skipped: python3-selenium is not installed")
    sys.exit(77)

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=1280,900"]


class Browser:
    """A browser with a profile of its own that keeps what pages write to the console."""

    def __init__(self):
        chromedriver = shutil.which("chromedriver")
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not chromedriver or not chromium:
            print("skipped: Chromium or chromedriver is not installed")
            sys.exit(77)
        self.profile = tempfile.mkdtemp()
        options = Options()
        options.binary_location = chromium
        for flag in FLAGS + [f"--user-data-dir={self.profile}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(chromedriver))
        self.driver.set_script_timeout(30)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def open(self, path, width=1280):
        self.resize(width)
        self.scheme("light")
        self.driver.get("file://" + os.path.abspath(path))

    def resize(self, width, height=900):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def console(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]
