"""The board of the park's own work (园区工作): duties, colours, stations, undertakings and the rest, in figures."""
