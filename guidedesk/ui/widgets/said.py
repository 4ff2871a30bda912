"""A text of the catalogue on a widget: said once, it follows every change of language."""

from __future__ import annotations

from typing import Self

from guidedesk.ui import i18n


class Said:
    """Mixed into a widget with `setText`, which connects `look().retranslated` to `_retranslate`."""

    _key = ""  # of what was said last; empty for a value
    _params: dict[str, str | int]

    def say(self, key: str, **params: str | int) -> Self:
        """Show a text of the catalogue; it follows a change of language."""
        self._key, self._params = key, params
        self._retranslate()
        return self

    def setText(self, text: str, /) -> None:
        """Of the widget."""
        raise NotImplementedError

    def _text_changed(self) -> None:
        """The widget may want another size now."""
        raise NotImplementedError

    def _retranslate(self) -> None:
        if self._key:
            self.setText(i18n.t(self._key, **self._params))
            self._text_changed()
