"""A bank of questions whose numbers are drawn from a key, quizzes and printed examinations.

Each kind of question is a function of a `Draw`; the modules hold them part by part of the book.
`moodle` and `qti` write quizzes that learning platforms read. `exam` prints a paper and its key.
"""
