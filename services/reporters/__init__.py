"""The records of reporters: encrypting what is in clear, changing master keys, erasing people."""
