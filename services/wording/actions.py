"""What administrators and operators did, in words: the action, the fields that it changed, and their values."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from models.labels import LEVELS, ROLES
from services.wording.field_names import FIELDS
from services.wording.vocabulary import INTEREST_KINDS, Labels, label_of

#: In Chinese and English, by the name under which an action is written down.
ACTIONS: dict[str, tuple[str, ...]] = {
    "channels": ("设置渠道", "set up channels"),
    "channels replay": ("重发消息", "send a message again"),
    "channels test": ("测试渠道", "test a channel"),
    "database": ("直接改数据库", "changed in the database"),
    "decode_payloads": ("读取加密的流程数据", "read encrypted workflow data"),
    "end": ("停用", "end"),
    "grids check": ("检查网格", "check grid units"),
    "grids load": ("导入网格", "load grid units"),
    "open311 key create": ("新建 Open311 密钥", "make an Open311 key"),
    "open311 key revoke": ("撤销 Open311 密钥", "revoke an Open311 key"),
    "own password": ("修改本人密码", "change one's own password"),
    "people absent": ("登记请假", "record an absence"),
    "people add-admin": ("新增首位管理员", "add the first administrator"),
    "people interest": ("登记利害关系", "declare an interest"),
    "people load": ("维护人员与角色", "maintain people and roles"),
    "people passwd": ("重置密码", "reset a password"),
    "people reset-second-factor": ("解除二次验证", "remove a second factor"),
    "people roster": ("导入请假与值班", "load absences and shifts"),
    "people sessions": ("结束登录", "end sessions"),
    "people shift": ("登记值班", "record a shift"),
    "policy draft": ("编辑策略草稿", "edit a draft of the policy"),
    "policy publish": ("发布策略", "publish a policy"),
    "revoke_key": ("吊销监测站密钥", "revoke a station's key"),
    "rotate_key": ("更换监测站密钥", "replace a station's key"),
    "set_receiver": ("设置部门外部系统", "set a department's outside system"),
    "simulate": ("模拟策略", "simulate a policy"),
    "temporal_interface": ("操作流程引擎页面", "act on the workflow engine's pages"),
    "token create": ("新建访问令牌", "make a personal token"),
    "token revoke": ("撤销访问令牌", "revoke personal tokens"),
}
_FIELDS: dict[str, tuple[str, str]] = {
    **FIELDS,
    "active": ("在岗", "here"),
    "code": ("编码", "code"),
    "content": ("内容摘要", "digest of the content"),
    "channel": ("渠道", "channel"),
    "config": ("设置", "settings"),
    "created_at": ("建立时间", "made at"),
    "enabled": ("启用", "enabled"),
    "kinds": ("事件", "events"),
    "round": ("重发次数", "replays"),
    "deputy": ("代理人", "deputy"),
    "digest": ("摘要", "digest"),
    "east": ("东界", "east"),
    "effective_from": ("生效时间", "in force from"),
    "ends_at": ("结束时间", "ends at"),
    "enterprise": ("企业", "enterprise"),
    "expires_at": ("失效时间", "expires at"),
    "geometry": ("边界摘要", "digest of the outline"),
    "households": ("户数", "households"),
    "key": ("有密钥", "has a key"),
    "keys": ("密钥", "keys"),
    "kind": ("类型", "kind"),
    "level": ("层级", "level"),
    "name": ("名称", "name"),
    "method": ("请求方法", "method"),
    "name_en": ("英文名", "English name"),
    "name_zh": ("中文名", "Chinese name"),
    "namespace": ("命名空间", "namespace"),
    "new_key": ("换新密钥", "new key"),
    "north": ("北界", "north"),
    "parent": ("上级网格", "unit above"),
    "password_first": ("初始密码", "first password"),
    "password_set_at": ("设密码时间", "password set at"),
    "speaks_for": ("代表部门", "acts for"),
    "path": ("地址", "address"),
    "payloads": ("数据条数", "payloads"),
    "published_at": ("发布时间", "published at"),
    "recovery_left": ("剩余恢复码", "recovery codes left"),
    "retired_on": ("停用日期", "retired on"),
    "account": ("账号", "account"),
    "role": ("角色", "role"),
    "scopes": ("权限范围", "scopes"),
    "sealed": ("密文摘要", "digest of the sealed secrets"),
    "sessions": ("登录", "sessions"),
    "since": ("自", "since"),
    "south": ("南界", "south"),
    "starts_at": ("开始时间", "starts at"),
    "target": ("所涉对象", "what it concerns"),
    "type": ("类别", "type"),
    "unit": ("网格", "grid unit"),
    "units": ("网格", "grid units"),
    "until": ("至", "until"),
    "updated_at": ("修改时间", "changed at"),
    "username": ("用户名", "user name"),
    "version": ("版本", "version"),
    "west": ("西界", "west"),
}
_VALUES: dict[str, Labels] = {"role": ROLES, "kind": INTEREST_KINDS, "level": LEVELS}


def action_name(action: str, language: str) -> str:
    """Return what an action is called; one of an operator's own is returned as it is."""
    return label_of(ACTIONS, action, language)


def changed_field(name: str, language: str) -> str:
    """Return what a changed field is called."""
    return label_of(_FIELDS, name, language)


def changed_value(name: str, value: Any, language: str, zone: ZoneInfo) -> str:
    """Return a value of a changed field as people read it, moments in `zone`."""
    english = language.startswith("en")
    if isinstance(value, bool):
        return ("yes" if value else "no") if english else ("是" if value else "否")
    if isinstance(value, list):
        return (", " if english else "、").join(changed_value(name, one, language, zone) for one in value)
    if (name.endswith("_at") or name in ("effective_from", "since")) and isinstance(value, str) and "T" in value:
        return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M}"
    return label_of(_VALUES.get(name, {}), str(value), language)
