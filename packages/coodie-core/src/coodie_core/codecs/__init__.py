"""Between a field's Python values and what the driver sends and receives.

A `Codec` is made once for a field, from its annotation. Writing, `encode` checks a value and gives it in a form that
the driver serializes exactly; reading, `decode` turns the driver's own types back into what Pydantic would give. What
`encode` accepts is read back as the value that `normalise` gives.
"""

from __future__ import annotations

from coodie_core.codecs.codec import Codec as Codec
from coodie_core.codecs.codec import codec_for as codec_for
from coodie_core.codecs.parameters import encode_param as encode_param
