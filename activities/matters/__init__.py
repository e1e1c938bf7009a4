"""Activities of matters: `recording` is the recording step of all kinds, `relay` carries out the effects."""
