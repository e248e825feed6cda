"""What comes after an "e" in English, by a count of pairs of letters; the dials bend the bars and cut their tail."""

import codecs
import contextlib
import io

import numpy as np

from learnnn import inspection

with contextlib.redirect_stdout(io.StringIO()):
    import this
text = codecs.decode(this.s, "rot13").lower().replace("\n", " ")
letters = sorted(set(text))
counts = [1e-2 + text.count("e" + letter) for letter in letters]
inspection.sampling(np.log(counts), tokens=letters, temperature=1.2, top_k=12, top_p=0.9)
