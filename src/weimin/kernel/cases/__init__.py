"""One matter of one applicant: its legal states, steps, files, decision, papers and timeline.

Owns: cases (办件), steps (环节), supplements (补正), decisions (决定), papers (文书), drafts (草稿).
The legal life is `rules.states`; between its states the item's procedure says who is next.
"""
