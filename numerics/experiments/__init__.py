"""The data of the paper's experiments, section 5: what is learned, never how.

Figures 1–3 learn from a ``teacher``, a small random linear RNN whose outputs are noisy and may be delayed.
Figure 4 and Table 1 decode hand velocity from neurons: from the ``recording`` that the paper used, a file which
the user has, or from ``reaching``, a synthetic task of the same form. ``windows`` cuts either into sequences;
``sequences`` is what all of it ends in. All that is random comes from a NumPy generator that is given.
"""

from numerics.experiments.reaching import Tuning, random_tuning, reach_velocity, reaching_task
from numerics.experiments.recording import Recording, RecordingError, load_recording
from numerics.experiments.sequences import Sequences
from numerics.experiments.teacher import Teacher, TeacherData, random_teacher, teacher_data
from numerics.experiments.windows import Split, Standardization, first_minutes, split

__all__ = [
    "Recording",
    "RecordingError",
    "Sequences",
    "Split",
    "Standardization",
    "Teacher",
    "TeacherData",
    "Tuning",
    "first_minutes",
    "load_recording",
    "random_teacher",
    "random_tuning",
    "reach_velocity",
    "reaching_task",
    "split",
    "teacher_data",
]
