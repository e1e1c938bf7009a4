"""How a case is given to each kind of receiver; `activities.handing_over` decides what follows from the outcome."""
