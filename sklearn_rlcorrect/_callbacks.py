"""Tasks that scikit-learn's callbacks follow; before scikit-learn 1.9 there are none."""

import functools

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:
        """Nothing to support."""

    def with_callbacks(method):
        """Call the method: a warning is as far from its caller as it is with callbacks."""

        @functools.wraps(method)
        def call(*args, **kwargs):
            return method(*args, **kwargs)

        return call


__all__ = ["CallbackSupportMixin", "NoTask", "fit_task", "with_callbacks"]


def fit_task(estimator, max_subtasks, **given):
    """Task of a whole `fit`.

    Parameters
    ----------
    estimator : estimator instance
        Its `fit` is running.

    max_subtasks : int
        How many subtasks there will be.

    **given
        What callbacks may ask for: `X`, `y` and a dict `metadata`.

    Returns
    -------
    task : Task or NoTask
        What to begin and to end.
    """
    # There is no public way to ask. Without callbacks there is nobody to tell, and the
    # data need not travel with the task to other processes.
    if not getattr(estimator, "_skl_callbacks", None):
        return NoTask()
    context = estimator._init_callback_context(max_subtasks=max_subtasks)
    return Task(context, {"estimator": estimator, **given})


class Task:
    """One task of a `fit`, as callbacks see it.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        Its place among the tasks.

    given : dict
        What callbacks may ask for.
    """

    def __init__(self, context, given):
        self._context, self._given = context, given

    def subtask(self, name, max_subtasks=0):
        """Make a task that is part of this one."""
        context = self._context.subcontext(task_name=name, max_subtasks=max_subtasks)
        return Task(context, self._given)

    def begin(self):
        """Report that it begins; return the task."""
        self._context.call_on_fit_task_begin(**self._given)
        return self

    def end(self, attributes=None):
        """Report that it ended.

        Parameters
        ----------
        attributes : dict, default=None
            Fitted attributes with which a copy of the estimator could predict now.

        Returns
        -------
        stop : bool
            Whether a callback asks to stop.
        """
        return self._context.call_on_fit_task_end(
            **self._given, reconstruction_attributes=attributes
        )


class NoTask:
    """A task without callbacks."""

    def subtask(self, name, max_subtasks=0):
        """Make a part of it."""
        return self

    def begin(self):
        """Do nothing."""
        return self

    def end(self, attributes=None):
        """Do nothing; never stop."""
        return False
