"""Problem sets: drawn from a course's key, handed out as notebooks, graded out of students' reach.

The sets themselves lie in `assignments/`, and `sets` here is a link to them. Every right answer
comes from a draw that the key decides. Tests and answers stay with the judge. What a student
hands in runs in a process of its own, which answers calls and knows nothing else.
"""
