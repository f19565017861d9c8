"""The correction problem as environments of gymnasium and stable-baselines3."""

from sklearn_rlcorrect.agent.envs import CorrectionEnv, CorrectionVecEnv

__all__ = ["CorrectionEnv", "CorrectionVecEnv"]
