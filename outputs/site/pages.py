# The repository's pages as the site shows them: links to sources lead to pages, equations wait for KaTeX.
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import re

LANGUAGES = {".h": "cpp", ".cpp": "cpp", ".cu": "cpp", ".toml": "toml", ".py": "python", ".sh": "sh", ".json": "json", ".R": "r"}
PICTURES = {".png", ".svg", ".jpg"}
FENCE = re.compile(r"^(```+|~~~~+)([^\n]*)\n(.*?)^\1[ \t]*$", re.M | re.S)
CODE_OR_MATH = re.compile(r"(`+)(?:(?!\n\n).)+?\1|\$(?=\S)([^$`\n]*(?:\n[^$`\n]+)?)(?<=\S)\$", re.S)
LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s]+)(\))")


def entities(text):
    """Text that Markdown leaves alone."""
    return re.sub(r"[^\w\s]|_", lambda match: f"&#{ord(match[0])};", text)


def own_page(path):
    """The page that shows a file or folder of the repository: itself, a README, or one made for it."""
    if path.suffix == ".md" or path.suffix in PICTURES:
        return path
    return path / "README.md" if path.is_dir() else path.with_name(path.name + ".md")


class Pages:
    """Copies pages from the repository to a folder, and whatever of the repository they link to."""

    def __init__(self, repository, folder):
        self.repository, self.folder, self.known = repository, folder, set()

    def add(self, path):
        """path: below the repository; a page, a source, a picture or a folder."""
        page = own_page(path)
        if page in self.known:
            return
        self.known.add(page)
        target = self.folder / page.relative_to(self.repository)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in PICTURES:
            target.write_bytes(path.read_bytes())
        elif page.exists():
            target.write_text(self.shown(page.read_text(), page))
        elif path.is_dir():
            target.write_text(self.shown(self.listing(path), page))
        else:
            target.write_text(self.source(path))

    def title(self, path):
        return f"# {path.relative_to(self.repository)}\n\n"

    def source(self, path):
        language = LANGUAGES.get(path.suffix, "text")
        if language == "text" and path.read_text().startswith("#!"):
            language = "python" if "python" in path.read_text().split("\n", 1)[0] else "sh"
        return f"{self.title(path)}~~~~{language}\n{path.read_text()}\n~~~~\n"

    def listing(self, path):
        lines = []
        for file in sorted(file for file in path.iterdir() if file.suffix in LANGUAGES or file.suffix in PICTURES):
            lines.append(f"![{file.stem}]({file.name})\n" if file.suffix in PICTURES else f"- [{file.name}]({file.name})")
        return self.title(path) + "\n".join(lines) + "\n"

    def shown(self, text, page):
        """Markdown of the repository as the site's Markdown; fenced blocks stay, equations among them do not."""
        parts, end = [], 0
        for block in FENCE.finditer(text):
            parts.append(self.prose(text[end : block.start()], page))
            parts.append(f'<div class="math">{entities(block[3])}</div>' if block[2] == "math" else block[0])
            end = block.end()
        return "".join(parts) + self.prose(text[end:], page)

    def prose(self, text, page):
        text = LINK.sub(lambda link: link[1] + self.target(link[2], page) + link[3], text)
        text = CODE_OR_MATH.sub(lambda found: found[0] if found[1] else f'<span class="math">{entities(found[2])}</span>', text)
        # A list may follow its sentence at once on a forge, but not here.
        return re.sub(r"^(?![-*] |  |\n|\|)(.+\n)(?=[-*] )", r"\1\n", text, flags=re.M)

    def target(self, link, page):
        """A link of the repository as one of the site, whose end is added to it, too."""
        if re.match(r"\w+:|#", link):
            return link
        path, _, anchor = link.partition("#")
        path = pathlib.Path(os.path.normpath(page.parent / path))
        if not path.exists():
            return link  # mkdocs names it
        self.add(path)
        return os.path.relpath(own_page(path), page.parent) + (f"#{anchor}" if anchor else "")
