"""Rules of referral desks: `slots` lays the sittings over the days, `commands` decides, `rules` gathers them."""
