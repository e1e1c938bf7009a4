"""The names of roles and levels, Chinese, then English, for the texts of rules and of all doors."""

ROLES: dict[str, tuple[str, ...]] = {
    "reporter": ("上报人", "reporter"),
    "grid_worker": ("网格员", "grid worker"),
    "duty_officer": ("值班员", "duty officer"),
    "handler": ("处置人员", "handler"),
    "department_head": ("部门负责人", "department head"),
    "reviewer": ("核查员", "reviewer"),
    "supervisor": ("督查员", "supervisor"),
    "keeper": ("保密员", "keeper"),
    "auditor": ("审计员", "auditor"),
    "admin": ("管理员", "admin"),
    "volunteer": ("志愿者", "volunteer"),
    "liaison": ("片区联络员", "zone liaison officer"),
    "helper": ("帮帮团成员", "member of a help group"),
}
LEVELS: dict[str, tuple[str, ...]] = {
    "1": ("园区", "park"),
    "2": ("社区", "community"),
    "3": ("网格", "grid"),
    "4": ("微网格", "micro-grid"),
}
