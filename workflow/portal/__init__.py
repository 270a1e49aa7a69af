"""The infringer's side: the way in with reference and code, the evidence, the answers, the payment.

Comes after ``cases`` and ``money`` in the flow of a case and is used by people without an account, who
may be innocent: every page says where the case stands and what happens next.
"""
