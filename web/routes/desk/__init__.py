"""Pages of the desk: queue, search, intake, the case and its commands, exports, notices."""
