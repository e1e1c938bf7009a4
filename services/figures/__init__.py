"""Figures (指标): their definitions, the condition that each puts on `cases`, counting, drill-down links.

Pages and lists made of figures do not belong here (`services.supervision`).
"""
