"""legal/: what follows when nobody answers: the formal reminders, later interest, fees and court.

It listens to the case (``DunningStepReached``) and writes the letters of the reminder procedure.
"""
