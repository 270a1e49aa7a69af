"""A browser without scripts over real HTTP: keeps cookies, fills in the forms a page has."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from lxml import html

SECONDS = 120.0
File = tuple[str, str, bytes]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    location: str
    text: str


class Browser:
    """One visitor of one site. ``OSError`` or ``http.client.HTTPException`` when the server dies."""

    def __init__(self, site: str) -> None:
        self._parts = urlsplit(site)
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self._request("GET", path, b"", {})

    def submit(self, path: str, values: Mapping[str, str], *, action: str = "") -> Answer:
        """Fetch the page, fill in the form that takes these values, send it."""
        target, fields = self._form(path, values, action)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._request("POST", target, urlencode(fields).encode(), kind)

    def hand_in(self, path: str, field: str, files: Sequence[tuple[str, bytes]]) -> Answer:
        """Send files by the form of this page that takes them."""
        target, fields = self._form(path, {field: ""}, "")
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields if name != field
        ]  # fmt: skip
        for name, data in files:
            head = f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
            parts += [head.encode(), b"Content-Type: image/jpeg\r\n\r\n", data, b"\r\n"]
        body = b"".join([*parts, f"--{mark}--\r\n".encode()])
        return self._request("POST", target, body, {"Content-Type": f"multipart/form-data; boundary={mark}"})

    def _form(self, path: str, values: Mapping[str, str], action: str) -> tuple[str, list[tuple[str, str]]]:
        page = self.get(path)
        assert page.status == http.HTTPStatus.OK, f"{path}: {page.status} {page.text[:300]}"
        root = html.document_fromstring(page.text)
        assert isinstance(root, html.HtmlElement)
        forms = [
            form
            for form in root.forms
            if form.method.upper() == "POST"
            and str(form.get("action") or path).endswith(action)
            and set(values) <= set(form.fields.keys())
        ]
        assert forms, f"{path} has no form for {sorted(values)} {action}"
        form = forms[0]
        kept = [(str(name), str(value)) for name, value in form.form_values() if name not in values]
        return str(form.get("action") or path), kept + list(values.items())

    def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._parts.port, timeout=SECONDS)
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        try:
            connection.request(
                method, path, body or None, {"Host": self._parts.netloc, "Cookie": cookies, **headers}
            )
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        return Answer(answer.status, answer.getheader("Location") or "", text)
