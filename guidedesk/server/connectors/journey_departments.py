"""The words of the completejourney product table, made fit to read in both languages."""

from __future__ import annotations

from typing import Final

from guidedesk.server.connectors.journey_files import ProductText

_DEPARTMENTS: Final = {
    "AUTOMOTIVE": ("汽车用品", "Automotive"),
    "CHARITABLE CONT": ("慈善捐款", "Charity"),
    "CHEF SHOPPE": ("厨师小铺", "Chef shop"),
    "CNTRL/STORE SUP": ("门店耗材", "Store supplies"),
    "COSMETICS": ("美妆", "Cosmetics"),
    "COUPON": ("优惠券", "Coupons"),
    "DELI": ("熟食", "Deli"),
    "DRUG GM": ("药妆百货", "Drugs and general goods"),
    "ELECT &PLUMBING": ("电工管件", "Electrical and plumbing"),
    "FLORAL": ("鲜花", "Flowers"),
    "FROZEN GROCERY": ("冷冻杂货", "Frozen grocery"),
    "FUEL": ("燃油", "Fuel"),
    "GARDEN CENTER": ("园艺", "Garden"),
    "GM MERCH EXP": ("百货费用", "General goods"),
    "GROCERY": ("食品杂货", "Grocery"),
    "HOUSEWARES": ("家居用品", "Housewares"),
    "MEAT": ("鲜肉", "Meat"),
    "MEAT-PCKGD": ("包装肉", "Packaged meat"),
    "MISCELLANEOUS": ("其他", "Other"),
    "NUTRITION": ("营养健康", "Nutrition"),
    "PASTRY": ("烘焙", "Bakery"),
    "PHOTO & VIDEO": ("照相影音", "Photo and video"),
    "POSTAL CENTER": ("邮政", "Post"),
    "PROD-WHS SALES": ("仓储果蔬", "Warehouse produce"),
    "PRODUCE": ("果蔬", "Produce"),
    "RESTAURANT": ("餐厅", "Restaurant"),
    "SALAD BAR": ("沙拉吧", "Salad bar"),
    "SEAFOOD": ("海鲜", "Seafood"),
    "SEAFOOD-PCKGD": ("包装海鲜", "Packaged seafood"),
    "SPIRITS": ("酒类", "Wine and spirits"),
    "TOYS": ("玩具", "Toys"),
    "TRAVEL & LEISURE": ("旅行休闲", "Travel and leisure"),
}


def department_names(department: str) -> tuple[str, str]:
    """Chinese and English of a department; one that is new keeps its own word."""
    word = department.strip()
    return _DEPARTMENTS.get(word, (word, word.capitalize()))


def product_name(product_id: int, product: ProductText | None) -> tuple[str, str]:
    """What a receipt says: the product's type; its number where the table has none.

    The data is English; its own words stay as they are on the Chinese screen too.
    """
    if product is None or not product.type:
        return f"商品 {product_id}", f"Product {product_id}"
    words = " ".join(product.type.split()).capitalize()
    return words, words
