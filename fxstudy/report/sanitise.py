"""Make HTML safe to open anywhere: no script, nothing that asks a network or the disk."""

import re

from bs4 import BeautifulSoup, Comment, Tag

_DROPPED = (
    "script", "noscript", "iframe", "object", "embed", "applet", "link", "meta", "base", "form", "input",
    "button", "textarea", "select", "template", "audio", "video", "source", "track", "frame", "frameset",
    "canvas", "svg",
)  # fmt: skip
_NO_URL = frozenset(("src", "srcset", "background", "poster", "data", "action", "formaction", "ping", "cite"))
_PICTURE = re.compile(r"^data:image/(?:png|jpeg|gif|webp|svg\+xml)[;,]", re.IGNORECASE)
_LINK = re.compile(r"^(?:https?://|mailto:|#)", re.IGNORECASE)
_REMOTE_STYLE = re.compile(r"@import[^;]*;?|url\s*\([^)]*\)|expression\s*\([^)]*\)", re.IGNORECASE)


def sanitise(soup: BeautifulSoup | Tag) -> None:
    """Clean a parsed page in place.

    Removed are scripts, frames, forms and everything that loads a file, event handlers, remote styles,
    and pictures that are not embedded (a line of text takes their place). Links for a reader to follow
    stay: they ask for nothing until they are clicked, and then send no referrer.
    """
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(_DROPPED):
        tag.decompose()
    for tag in soup.find_all(True):
        _clean_attributes(tag)
    for style in soup.find_all("style"):
        style.string = _local_style(style.get_text())


def _clean_attributes(tag: Tag) -> None:
    if tag.name == "img" and not _PICTURE.match(str(tag.get("src", "")).strip()):
        tag.replace_with(f"[picture not embedded: {tag.get('alt') or 'no description'}]")
        return
    for name, value in list(tag.attrs.items()):
        lowered = name.lower()
        text = " ".join(value) if isinstance(value, list) else str(value)
        if _is_active(tag, lowered, text):
            del tag[name]
        elif lowered == "style":
            tag[name] = _local_style(text)
    if tag.name == "a" and tag.get("href"):
        tag["rel"] = "noopener noreferrer"
        del tag["target"]


def _is_active(tag: Tag, name: str, text: str) -> bool:
    """Whether an attribute runs code, loads a file, or leads elsewhere than to a page."""
    if name.startswith("on") or name.endswith(":href"):
        return True
    if name == "href":
        return tag.name != "a" or not _LINK.match(text.strip())
    return name in _NO_URL and not (tag.name == "img" and name == "src")


def _local_style(text: str) -> str:
    return _REMOTE_STYLE.sub("", text)
