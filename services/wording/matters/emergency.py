"""The words of runs of emergency plans (应急处置)."""

from services.wording.matters.words import MatterWords

WORDS = MatterWords(
    commands={
        "begin": ("启动预案", "begin a plan"),
        "confirm": ("确认步骤", "confirm a step"),
        "leave_out": ("步骤不适用", "leave a step out"),
        "close": ("结束并归档", "close with its record"),
        "stop": ("终止处置", "stop the run"),
    },
    statuses={"running": ("执行中", "running"), "closed": ("已归档", "closed"), "stopped": ("已终止", "stopped")},
    facts={
        "begun": ("启动预案“{plan_zh}”(案件 {case_no})", "The plan “{plan_en}” began (case {case_no})"),
        "step_confirmed": ("已确认“{name_zh}”:{note}", "“{name_en}” was confirmed: {note}"),
        "step_left_out": ("“{name_zh}”不适用:{reason}", "“{name_en}” does not apply: {reason}"),
        "step_missed": ("“{name_zh}”到时未确认", "“{name_en}” was not confirmed in time"),
        "closed": ("处置结束,归档:{summary}", "Closed with its record: {summary}"),
        "stopped": ("终止处置:{reason}", "Stopped: {reason}"),
    },
    fields={
        "case_no": ("案件编号", "case number"),
        "plan": ("预案", "plan"),
        "step": ("步骤", "step"),
        "steps": ("步骤", "steps"),
        "summary": ("归档记录", "record"),
        "reason": ("理由", "reason"),
        "name": ("名称", "name"),
    },
    overdue={"step": ("应急步骤", "emergency step")},
)
