// SPDX-License-Identifier: MIT
#pragma once

#include "core/store/ledger.h"

namespace eventops {

/// From now on @p ledger, which Ledger::open made, lets no proposal expire by itself: its actions are another engine's,
/// which says when one has. A copy that reads events faster than decisions would tell it wrongly.
/// Thread: the ledger's.
void leaveExpiryToOwner(Ledger &ledger);

} // namespace eventops
