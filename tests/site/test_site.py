#!/usr/bin/python3
# The documentation site: test_site.py PROGRAM. It builds without a warning, every link and anchor in it exists, nothing is loaded from
# elsewhere, every equation is set without an error (in Chromium, where it is installed), and the page of the model names every parameter,
# lever, metric and event. Exit code 77 where mkdocs is not installed. SPDX-License-Identifier: Apache-2.0
import html.parser
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
CHROMIUM = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--virtual-time-budget=10000", "--dump-dom"]


class Html(html.parser.HTMLParser):
    """Links, anchors and whatever a browser loads with a page."""

    def __init__(self, path):
        super().__init__()
        self.path, self.links, self.anchors, self.loaded = path, [], set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors |= {values[key] for key in ("id", "name")[: 2 if tag == "a" else 1] if values.get(key)}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag in {"link", "script", "img", "iframe", "source"}:
            self.loaded += [values[key] for key in ("href", "src") if values.get(key)]


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "site"
        built = subprocess.run([REPOSITORY / "outputs" / "site" / "build", cls.folder, "--program", PROGRAM], capture_output=True, text=True)
        if built.returncode != 0:
            raise AssertionError(f"outputs/site/build: exit code {built.returncode}\n{built.stdout}{built.stderr}")
        cls.pages = {path: Html(path) for path in cls.folder.rglob("*.html")}

    def test_is_whole(self):
        self.assertGreater(len(self.pages), 20)
        for page in ("index", "outputs/site/tutorial", "outputs/site/faq", "reference/configuration", "reference/priors", "kernels/race/MODEL"):
            self.assertIn(self.folder / f"{page}.html", self.pages)

    def test_links_lead_somewhere(self):
        for page in self.pages.values():
            for link in page.links + page.loaded:
                address = urllib.parse.urlsplit(link)
                if address.scheme:
                    continue
                target = pathlib.Path(os.path.normpath(page.path.parent / urllib.parse.unquote(address.path))) if address.path else page.path
                with self.subTest(page=page.path.relative_to(self.folder), link=link):
                    self.assertTrue(target.exists())
                    if address.fragment and target.suffix == ".html":
                        self.assertIn(address.fragment, self.pages[target].anchors | {"__skip", "__nav_toc"})

    def test_loads_nothing_from_elsewhere(self):
        for page in self.pages.values():
            for link in page.loaded:
                self.assertFalse(urllib.parse.urlsplit(link).netloc, f"{page.path}: {link}")
        for style in self.folder.rglob("*.css"):
            self.assertNotRegex(style.read_text(), r"(url\(|@import )[\"']?(https?:)?//", style)

    def test_every_prior_has_its_row(self):
        told = subprocess.run([PROGRAM, "describe", "parameters"], capture_output=True, text=True, check=True).stdout
        keys = re.findall(r"^(\w+)  ", told, re.M)[1:]
        self.assertGreater(len(keys), 100)
        priors = (self.folder / "reference" / "priors.html").read_text()
        for key in keys:
            self.assertIn(f"<code>{key}</code>", priors)

    @unittest.skipUnless(shutil.which("chromium") or shutil.which("chromium-browser"), "Chromium is not installed")
    @unittest.skipUnless(pathlib.Path("/usr/share/javascript/katex").exists(), "KaTeX is not installed")
    def test_equations_are_set(self):
        written = (self.folder / "kernels" / "race" / "MODEL.html").read_text().count('class="math"')
        with tempfile.TemporaryDirectory() as profile:
            browser = shutil.which("chromium") or shutil.which("chromium-browser")
            page = f"file://{self.folder}/kernels/race/MODEL.html"
            shown = subprocess.run([browser, *CHROMIUM, f"--user-data-dir={profile}", page], capture_output=True, text=True, timeout=60).stdout
        self.assertGreater(written, 100)
        self.assertEqual(shown.count('<span class="katex">'), written)
        self.assertNotIn("katex-error", shown)


class Model(unittest.TestCase):
    def test_every_name_stands_on_the_page(self):
        page = (REPOSITORY / "kernels" / "race" / "MODEL.md").read_text()
        for topic in ("parameters", "levers", "metrics", "events"):
            told = subprocess.run([PROGRAM, "describe", topic], capture_output=True, text=True, check=True).stdout
            for key in re.findall(r"^([a-z_]+)  ", told.split("\n\n", 1)[1], re.M):
                with self.subTest(key=key):
                    self.assertTrue(f"`{key}`" in page or key in ("parameter", "lever", "metric", "event"))


if importlib.util.find_spec("mkdocs") is None:
    print("mkdocs is not installed")
    sys.exit(77)
unittest.main()
