"""Errors of lists, saved views and exports."""

from models.errors.base import DomainError


class BadFilter(DomainError):
    code = "bad_filter"
    status = 422
    zh = "查询条件 {name} 的值 {value} 无效。"
    en = "{value} is not a valid value of the filter {name}."


class TooManyRows(DomainError):
    code = "too_many_rows"
    status = 422
    zh = "共 {count} 件,超过一个文件 {most} 件的上限,请先缩小筛选范围。"
    en = "There are {count} cases, more than the {most} of one file; narrow the filters first."


class TooLongToWaitFor(DomainError):
    code = "too_long_to_wait_for"
    status = 422
    zh = "共 {count} 件,超过直接导出 {most} 件的上限,请改为后台导出。"
    en = "There are {count} cases, more than the {most} that are written at once; export them in the background."


class TooManyExports(DomainError):
    code = "too_many_exports"
    status = 409
    zh = "您已有 {most} 个导出在进行,请等待其中一个完成或将其停止。"
    en = "{most} exports of yours are under way; wait for one of them, or stop it."


class ExportNotReady(DomainError):
    code = "export_not_ready"
    status = 409
    zh = "导出尚未完成或已停止({status})。"
    en = "The export is not ready, or was stopped ({status})."


class ExportHoldsHidden(DomainError):
    code = "export_holds_hidden"
    status = 410
    zh = "该文件中有您现须回避的案件,不再提供;请重新导出。"
    en = "This file holds a case from which you have to step aside by now; export the list again."


class ExportHoldsErased(DomainError):
    code = "export_holds_erased"
    status = 410
    zh = "该文件中有案件的个人信息填答已随上报人信息按规定删除,不再提供;请重新导出。"
    en = "This file holds a case whose personal answers were erased by regulation since; export the list again."


class RightsChanged(DomainError):
    code = "rights_changed"
    status = 403
    zh = "您的权限在导出后已有变化,请重新导出。"
    en = "Your rights have changed since this export was made; export the list again."


class TooManyViews(DomainError):
    code = "too_many_views"
    zh = "最多保存 {most} 个视图,请先删除不用的。"
    en = "At most {most} views can be kept; remove one first."


#: What is looked for, in Chinese, by the word with which `NoSuchPage.what` begins.
_LOOKED_FOR = {
    "bulletin": "通报", "draft": "策略草稿", "export": "导出", "interest": "利害关系", "link": "链接", "person": "人员",
    "photo": "照片", "qr": "二维码", "report": "上报", "role": "角色", "simulation": "模拟", "thumbnail": "缩略图",
}  # fmt: skip


class NoSuchPage(DomainError):
    """Nothing has this address. `what`: a word of ours and what it was looked for by, a code, or a path."""

    code = "not_found"
    status = 404
    zh = "没有“{what}”。"
    en = "There is no “{what}”."

    def message(self, language: str) -> str:
        """The text for people, without a word of ours in a Chinese sentence."""
        word, space, rest = self.params.get("what", "").partition(" ")
        if language.startswith("en") or word not in _LOOKED_FOR:
            return super().message(language)
        return self.zh.format(what=f"{_LOOKED_FOR[word]}{space}{rest}")
