"""Check that each internal link of a built site leads to a file and an anchor."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """Anchors and links of a page of HTML."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = set(), set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        """Note what a tag is called and where it leads."""
        attrs = dict(attrs)
        self.anchors.update(attrs[name] for name in ("id", "name") if attrs.get(name))
        self.links.update(attrs[name] for name in ("href", "src") if attrs.get(name))


def broken_links(site):
    """Yield a line for each link of the pages in a folder that leads nowhere."""
    paths = [p for p in sorted(Path(site).rglob("*.html")) if "_static" not in p.parts]
    pages = {path.resolve(): Page(path) for path in paths}
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = path.parent / unquote(parts.path) if parts.path else path
            target = target.resolve()
            anchor = unquote(parts.fragment)
            if not target.is_file():
                yield f"{path.name}: {link}: no such file"
            elif anchor and target in pages and anchor not in pages[target].anchors:
                yield f"{path.name}: {link}: no such anchor"


if __name__ == "__main__":
    sys.exit("\n".join(broken_links(sys.argv[1])) or None)
