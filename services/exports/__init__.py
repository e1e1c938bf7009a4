"""Lists as workbooks: short ones while somebody waits, long ones by a workflow, kept for a while."""
