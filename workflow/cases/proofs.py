"""Files a recipient sends: read with limits, known by content; what is refused is said file by file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workflow.cases.services import ProofFile
from workflow.cases.services.answers import MAX_PROOFS
from workflow.kernel.errors import Refused
from workflow.kernel.said import say
from workflow.kernel.uploads import (
    MAX_PROOF_BYTES,
    Decoder,
    UploadedFile,
    allowed_proof,
    judge_image,
    receive_file,
    sanitise_name,
    size_text,
)

#: All files of one answer together.
MAX_TOGETHER = 50 * 1024**2
#: What the route reads at most: more than is taken, so that too much is answered with a sentence beside
#: the text that was typed, not with an error page that loses it.
MAX_BODY = 128 * 1024**2


def read_proofs(files: Sequence[Any], decoder: Decoder) -> list[ProofFile]:
    """Every file, or :class:`Refused` with one sentence for each that cannot be taken."""
    if len(files) > MAX_PROOFS:
        raise Refused(
            say(
                "{count} files were chosen. Please send at most {max_proof} at once.",
                count=len(files),
                max_proof=MAX_PROOFS,
            )
        )
    taken: list[ProofFile] = []
    reasons: list[str] = []
    for upload in files:
        try:
            taken.append(_read(upload, decoder))
        except Refused as refusal:
            reasons.extend(f"“{sanitise_name(upload.filename)}”: {reason}" for reason in refusal.reasons)
    if sum(len(proof.data) for proof in taken) > MAX_TOGETHER:
        together = size_text(MAX_TOGETHER)
        reasons.append(
            say(
                "Together the files are larger than {together}. Please send them in parts.", together=together
            )
        )
    if reasons:
        raise Refused(*reasons)
    return taken


def _read(upload: Any, decoder: Decoder) -> ProofFile:
    file: UploadedFile = receive_file(upload.filename, upload.stream, MAX_PROOF_BYTES)
    media_type = allowed_proof(file.data)
    if media_type.startswith("image/"):
        verdict = judge_image(decoder, file)
        if not verdict.accepted:
            raise Refused(f"{verdict.sentence} {verdict.remedy}".strip())
    return ProofFile(file.name, media_type, file.data)
