"""The history of champions: who was champion on a logical date, and why a champion replaced another."""
