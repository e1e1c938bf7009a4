"""The sections of the administration, and the faults of an imported file."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.files.reference_files import FileProblem
from web.reader import Visitor
from web.views.translation_marks import _

#: Address, title, description.
SECTIONS = (
    ("/admin/org", _("组织检查"), _("谁没有上级,哪里无人任职")),
    ("/admin/grids", _("网格"), _("四级网格树,导入名录")),
    ("/admin/people", _("人员与角色"), _("谁以什么角色管什么,导入名册")),
    ("/admin/roster", _("请假与值班"), _("代理人,值班表")),
    ("/admin/categories", _("类别与时限"), _("小类,立案条件,时限与依据,上限")),
    ("/admin/calendars", _("日历"), _("工作日,节假日,调休")),
    ("/admin/ladders", _("升级梯级"), _("无人办理时逐级通知谁")),
    ("/admin/policies", _("策略"), _("版本,草稿,预览,推演,发布")),
    ("/admin/receivers", _("部门外部系统"), _("案件移交给谁,密钥,测试")),
    ("/admin/open311", _("Open311 密钥"), _("外部程序上报的密钥,接口地址")),
    ("/admin/channels", _("消息渠道"), _("邮件,短信,机器人,推送,事件订阅,发送记录")),
    ("/admin/suggestions", _("受理建议"), _("受理建议的准确率,按版本")),
    ("/admin/actions", _("操作记录"), _("谁在何时改了什么,改前与改后")),
)


@dataclass(frozen=True)
class FileFault:
    """A fault in a file, with the text of its line."""

    line: int
    message: str
    text: str


def file_faults(problems: Sequence[FileProblem], content: str, visitor: Visitor) -> list[FileFault]:
    """The problems in the reader's language, with the text of their lines if it has letters or digits."""
    lines = content.splitlines()
    return [
        FileFault(
            problem.line, problem.en if visitor.language == "en" else problem.zh, _quote_line(lines, problem.line)
        )
        for problem in problems
    ]


def _quote_line(lines: Sequence[str], line: int) -> str:
    text = lines[line - 1].strip()[:120] if 0 < line <= len(lines) else ""
    return text if any(map(str.isalnum, text)) else ""
