"""The names of the queue's tabs, and their texts when empty."""

from services.desk.tabs import DeskTab
from web.views.translation_marks import _

NAMES = {
    DeskTab.ACCEPTING: _("待受理"),
    DeskTab.DISPATCHING: _("待派遣"),
    DeskTab.UNCLAIMED: _("待认领"),
    DeskTab.DOING: _("处理中"),
    DeskTab.REVIEWING: _("待核查"),
    DeskTab.SOON: _("临期"),
    DeskTab.RETURNING: _("退回待定"),
    DeskTab.HELPING: _("协办"),
    DeskTab.URGED: _("督办待答复"),
    DeskTab.DECIDING: _("待裁定"),
    DeskTab.OVERSEEN: _("升级督看"),
    DeskTab.DONE: _("已办"),
}
EMPTY = {
    DeskTab.ACCEPTING: _("没有待受理的上报。新的上报会立即出现在这里。"),
    DeskTab.DISPATCHING: _("没有待派遣的案件。"),
    DeskTab.UNCLAIMED: _("没有待认领的任务。派遣来的案件会立即出现在这里。"),
    DeskTab.DOING: _("没有正在处理的案件。"),
    DeskTab.REVIEWING: _("没有待核查的案件。"),
    DeskTab.SOON: _("没有临期的案件。"),
    DeskTab.RETURNING: _("没有等待裁定的退单。"),
    DeskTab.HELPING: _("没有需要协办的案件。"),
    DeskTab.URGED: _("没有待答复的督办。"),
    DeskTab.DECIDING: _("没有待裁定的申请。"),
    DeskTab.OVERSEEN: _("没有升级到您这里的案件。"),
    DeskTab.DONE: _("近 30 天没有办理过案件。"),
}
