"""Tokens, palette, style sheet, icons and fonts; `look()` is what widgets read."""

from guidedesk.ui.theme.appearance import Appearance, look, start_look
from guidedesk.ui.theme.icons import icon, icon_pixmap
from guidedesk.ui.theme.tokens import Space, ToneName, TypeName

__all__ = ["Appearance", "Space", "ToneName", "TypeName", "icon", "icon_pixmap", "look", "start_look"]
