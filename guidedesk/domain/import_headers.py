"""Which column of a file is which field: both languages, any order (COMMANDS.md, imports)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from guidedesk.domain.errors import Refused

ImportKind = Literal["orders", "members", "products", "stock"]
REASON_COLUMNS: Final = ("reject_reason", "拒收原因", "reject_text")

_ORDERS: Final[Mapping[str, str]] = {
    "order_id": "订单号 订单编号 单号",
    "line_id": "行号 明细行号",
    "type": "类型",
    "original_order_id": "原单号 原订单号",
    "original_line_id": "原行号",
    "channel": "渠道",
    "store": "门店 店铺",
    "paid_at": "支付时间 付款时间",
    "member_code": "会员号 会员卡号",
    "phone": "手机号 手机",
    "associate": "导购工号 导购",
    "cashier": "收银员",
    "sku": "货号 商品编码",
    "size": "尺码",
    "colour": "颜色 color",
    "qty": "数量 quantity",
    "net_paid": "实付金额 实付",
    "order_discount": "订单优惠",
    "tax_bp": "税率",
    "currency": "币种",
    "name": "品名 商品名称",
}
_MEMBERS: Final[Mapping[str, str]] = {
    "member_id": "会员号 会员卡号 member_code",
    "name": "姓名",
    "phone": "手机号 手机",
    "birthday": "生日",
    "joined_at": "入会时间",
    "store": "归属门店 门店",
    "associate": "导购工号 导购",
    "tier": "等级",
    "external_source": "来源系统",
    "external_id": "外部编号",
    "tags": "标签",
}
_PRODUCTS: Final[Mapping[str, str]] = {
    "sku": "货号 商品编码",
    "name": "品名 商品名称 名称",
    "name_en": "英文名",
    "category": "类别 品类 分类",
    "category_en": "英文类别",
    "size": "尺码",
    "colour": "颜色 color",
    "colour_en": "英文颜色",
    "price": "价格 零售价 吊牌价",
    "currency": "币种",
    "image": "图片",
    "barcode": "条码 条形码 国际条码 ean gtin upc",
}
_STOCK: Final[Mapping[str, str]] = {
    "sku": "货号 商品编码",
    "store": "门店 店铺",
    "quantity": "数量 库存 qty",
    "shelf": "货架 货位",
    "as_of": "截至时间 盘点时间 时间",
}
_FIELDS: Final[Mapping[ImportKind, Mapping[str, str]]] = {
    "orders": _ORDERS,
    "members": _MEMBERS,
    "products": _PRODUCTS,
    "stock": _STOCK,
}
# Without these columns a file is not what it was said to be.
_NEEDED: Final[Mapping[ImportKind, tuple[str, ...]]] = {
    "orders": ("order_id", "paid_at", "sku", "qty", "net_paid"),
    "members": ("name",),
    "products": ("sku", "name"),
    "stock": ("sku", "store", "quantity"),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each field stands; `extra` are columns that are only kept."""

    places: Mapping[str, int]
    titles: tuple[str, ...]
    extra: Mapping[str, int]

    def title(self, name: str) -> str:
        """A field's column as the file calls it, or the field's own name."""
        place = self.places.get(name)
        return name if place is None else self.titles[place]


def find_layout(kind: ImportKind, titles: Sequence[str]) -> Layout:
    """Read a header row. `import_header_missing` (column) and `import_header_twice` (column) name what is wrong."""
    names = _names(kind)
    places: dict[str, int] = {}
    extra: dict[str, int] = {}
    for place, title in enumerate(titles):
        plain = _plain(title)
        name = names.get(plain)
        if name is None:
            if title.strip() and plain not in REASON_COLUMNS:
                extra.setdefault(title.strip()[:80], place)
        elif name in places:
            raise Refused("import_header_twice", column=title.strip()[:40])
        else:
            places[name] = place
    for name in _NEEDED[kind]:
        if name not in places:
            raise Refused("import_header_missing", column=_shown(kind, name))
    return Layout(places, tuple(title.strip() for title in titles), extra)


def columns_of(kind: ImportKind) -> str:
    """Every column of a kind of file, in both languages, for people who make one."""
    return ", ".join(f"{name} {others.split()[0]}" for name, others in _FIELDS[kind].items())


def _shown(kind: ImportKind, name: str) -> str:
    return f"{name} / {_FIELDS[kind][name].split()[0]}"


def _names(kind: ImportKind) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, others in _FIELDS[kind].items():
        for title in (name, *others.split()):
            found[_plain(title)] = name
    return found


def _plain(title: str) -> str:
    """A header as compared: width, case, blanks and a byte order mark make no difference."""
    kept = unicodedata.normalize("NFKC", title).replace("\ufeff", "").strip().casefold()
    return "_".join(kept.replace("_", " ").replace("-", " ").split())
