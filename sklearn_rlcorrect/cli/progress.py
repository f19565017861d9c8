"""Tell which step of a command is running, and how long the steps took."""

import contextlib
import sys
import threading
import time

from tqdm import tqdm

from sklearn_rlcorrect.cli.messages import shows_progress, tell, tell_more

# Seconds after which a step is told where there is no bar.
_PATIENCE = 2.0

_WITHOUT_END = "{desc} [{elapsed}]"
_WITH_END = "{desc}: {percentage:3.0f}%|{bar:20}| [{elapsed}<{remaining}]"


class Steps:
    """The steps of a command, on the standard error.

    A terminal shows one line: the step that is running, the time it has taken and, where
    that can be told, the time that it still takes. Anywhere else there is a line for each
    step that takes longer than two seconds. With ``--quiet`` there is nothing; with
    ``--verbose``, at the end, the time that each step took.

    It is a callback of scikit-learn, too: the parts of a fit become steps.

    Parameters
    ----------
    args : argparse.Namespace
        Options of a command.

    Examples
    --------
    >>> from argparse import Namespace
    >>> from sklearn_rlcorrect.cli.progress import Steps
    >>> with Steps(Namespace()) as steps:
    ...     steps.begin("read rows")
    ...     steps.begin("predict")
    >>> list(steps.seconds)
    ['load packages', 'read rows', 'predict']
    """

    def __init__(self, args):
        self._args, self.seconds = args, {}
        self._name = self._bar = None
        self._left = threading.Event()

    def __enter__(self):
        self._clock = threading.Thread(target=self._tick, daemon=True)
        self._clock.start()
        self.begin("load packages")
        return self

    def __exit__(self, error, *_):
        self.end()
        self._left.set()
        self._clock.join()
        if error is None:
            times = ", ".join(f"{name} {took:.1f}" for name, took in self.seconds.items())
            total = sum(self.seconds.values())
            tell_more(self._args, f"seconds: {times}; all {total:.1f}")

    def begin(self, name, n_parts=0, *, bar=True):
        """Begin a step; the one before has ended.

        Parameters
        ----------
        name : str
            What it does.

        n_parts : int, default=0
            How many equal parts it has, which :meth:`advance` tells. 0 is not known.

        bar : bool, default=True
            Whether to show it on a terminal; False if it has a bar of its own.
        """
        self.end()
        self._since, self._is_told = time.monotonic(), False
        if bar and shows_progress(self._args):
            self._bar = tqdm(
                desc=name,
                total=n_parts or None,
                bar_format=_WITH_END if n_parts else _WITHOUT_END,
                leave=False,
                file=sys.stderr,
            )
        self._name = name

    def advance(self):
        """Tell that a part of the step is done."""
        if self._bar is not None:
            self._bar.update()

    @contextlib.contextmanager
    def watch(self, model):
        """Let the parts of fits be steps, of a corrector and its clones.

        Parameters
        ----------
        model : RLCalibratedClassifier
            Fitted in the block.

        Yields
        ------
        None
            Nothing.
        """
        self.begin("fit")
        if not hasattr(model, "set_callbacks"):  # scikit-learn < 1.9
            yield
            return
        model.set_callbacks(self)
        try:
            yield
        finally:
            model.set_callbacks()

    def end(self):
        """End the step that is running, if there is one."""
        if self._name is None:
            return
        took = time.monotonic() - self._since
        self.seconds[self._name] = self.seconds.get(self._name, 0.0) + took
        if self._bar is not None:
            self._bar.refresh()
            self._bar.close()
        self._name = self._bar = None

    def _tick(self):
        """Keep the clock on a terminal going; elsewhere tell of a step that takes long."""
        while not self._left.wait(min(_PATIENCE, 1.0)):
            name, bar = self._name, self._bar
            if bar is not None and sys.stderr.isatty():
                bar.refresh()
            elif name is not None and not (self._is_told or shows_progress(self._args)):
                self._is_told = time.monotonic() - self._since >= _PATIENCE
                if self._is_told:
                    tell(self._args, f"step: {name} ...")

    def setup(self, estimator, context):
        """Nothing to prepare."""

    def teardown(self, estimator, context):
        """Nothing to clean up."""

    def on_fit_task_begin(self, estimator, context):
        """Begin a step with each part of a fit."""
        if _depth(context) == 1:
            self.begin(context.task_name, context.max_subtasks)

    def on_fit_task_end(self, estimator, context):
        """Advance with each part of such a part; what is between parts is "fit"."""
        depth = _depth(context)
        if depth == 1:
            self.begin("fit")
        elif depth == 2:
            self.advance()


def _depth(context):
    return 0 if context.parent is None else 1 + _depth(context.parent)
