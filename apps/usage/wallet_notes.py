"""What stands beside a button's price where a workspace has a plan, or two keys: which of them pays, and why."""

from __future__ import annotations

from apps.minimax import catalogue
from apps.workspaces import wallets
from apps.workspaces.models import Wallet, WalletOrder


def models_of(modality: str) -> list[str]:
    """The models that are offered now."""
    match modality:
        case "chat":
            return list(catalogue.chat.models)
        case "speech":
            return [model.id for model in catalogue.speech.current_models]
        case "image":
            return list(catalogue.prices.image)
        case "music":
            return list(catalogue.prices.music)
    return sorted({row.model for row in catalogue.prices.video})


def wallet_notes(workspace_id: int, modality: str) -> list[tuple[str, str]]:
    """(models in words, sentence), one for each reason; without models where all share it. Empty: nothing to choose."""
    kept = wallets.wallets_of(workspace_id)
    if not kept or (len(kept) == 1 and kept[0].wallet != Wallet.PLAN):
        return []
    workspace = kept[0].workspace
    order = workspace.wallet_order.get(modality, WalletOrder.PLAN_FIRST)
    by_sentence: dict[str, list[str]] = {}
    for model in models_of(modality):
        route = wallets.choose(kept, model, order=order, may_fail_over=workspace.may_fail_over)
        by_sentence.setdefault(wallets.explain(route.as_dict()), []).append(model)
    if len(by_sentence) == 1:
        return [("", sentence) for sentence in by_sentence]
    return [(", ".join(models), sentence) for sentence, models in by_sentence.items()]
