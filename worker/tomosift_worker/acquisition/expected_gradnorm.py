"""expected-gradnorm: how strongly a volume's expected loss would pull at the weights."""

from tomosift_worker.acquisition.entropy_gradnorm import score
from tomosift_worker.acquisition.function import AcquisitionFunction

# gradnorm eq. 6 takes L = sum_i p_i CE_i, and CE_i = -log p_i, so L is the entropy: with the gradient flowing through
# p, as the authors' release has it, both schemes are the same number (tested), and one backward pass serves both.
EXPECTED_GRADNORM = AcquisitionFunction(
    id="expected-gradnorm",
    title="Expected gradient norm",
    description="Picks the volumes whose expected loss would change the weights most; equals entropy-gradnorm.",
    reason="Learning from this volume is expected to change the network most.",
    source="Wang et al., AAAI 2022, eq. 6 (gradnorm)",
    needs=frozenset({"class_labels", "gradient_norms"}),
    score=score,
)
