"""Referral desks: their slots, bookings in scope, the public times, and a sitting day as a calendar file."""
